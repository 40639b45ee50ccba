/* SPDX-License-Identifier: MIT */
/* The ring of an AIO context, io_setup(2), and what a valid one is. */
#pragma once

#include "common/compiler.h"
#include "format/task/memory.pb-c.h"

/* What the kernel has at the start of the mapping: struct aio_ring of its fs/aio.c, which libaio reads, too.
 */
struct aio_ring {
	uint32_t id;
	uint32_t slots;
	uint32_t head, tail; /* below slots; equal: it is empty */
	uint32_t magic, compatible, incompatible;
	uint32_t header_size;
};

#define AIO_RING_MAGIC 0xa10a10a1U
#define AIO_EVENT_SIZE 32U /* struct io_event */

/* The slots of a ring that takes SIZE bytes, a number of pages. */
uint32_t aio_slots(uint64_t size);

/* The events that wait in a ring. */
static inline uint32_t aio_waiting(uint32_t head, uint32_t tail, uint32_t slots)
{
	return tail >= head ? tail - head : tail + slots - head;
}

/* What to ask io_setup(2) for to get a ring of SIZE bytes, on a machine with so many possible processors; 0:
 * impossible. */
uint32_t aio_requests(uint64_t size, unsigned processors);

/* -EBADMSG, logged, unless contexts and mappings fit. */
int must_check aio_check(const Cr__Memory *memory);
