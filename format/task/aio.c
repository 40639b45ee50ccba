/* SPDX-License-Identifier: MIT */
/* What a valid AIO context is. */
#include "format/task/aio.h"

#include <errno.h>
#include <inttypes.h>

#include "common/log.h"

/* A limit of the kernel's own: 0x10000000 bytes of events. */
#define RING_SIZE_MAX (UINT64_C(0x10000000) + 2 * PAGE_SIZE_BYTES)

/* The kernel has room for at least four requests a processor, twice as much as that, and two more events. */
#define REQUESTS_PER_PROCESSOR 4
#define SPARE_EVENTS 2

uint32_t aio_slots(uint64_t size)
{
	return (uint32_t)((size - sizeof(struct aio_ring)) / AIO_EVENT_SIZE);
}

static uint64_t ring_size(uint64_t requests, unsigned processors)
{
	uint64_t events = MAX(requests, (uint64_t)processors * REQUESTS_PER_PROCESSOR) * 2 + SPARE_EVENTS;

	return ALIGN_UP(sizeof(struct aio_ring) + events * AIO_EVENT_SIZE, (uint64_t)PAGE_SIZE_BYTES);
}

uint32_t aio_requests(uint64_t size, unsigned processors)
{
	uint32_t requests = (aio_slots(size) - SPARE_EVENTS) / 2;

	return ring_size(requests, processors) == size ? requests : 0;
}

#define bad_aio(...) (log_error("the image of the memory is bad: " __VA_ARGS__), -EBADMSG)

static int context_check(const Cr__AioContext *context, const Cr__Mapping *mapping)
{
	uint64_t size = mapping->end - mapping->start;
	uint32_t slots = aio_slots(size);

	if (context->start != mapping->start)
		return bad_aio("the AIO context at %#" PRIx64 " has no mapping", context->start);
	if (size > RING_SIZE_MAX)
		return bad_aio("the AIO context at %#" PRIx64 " is too large", context->start);
	if (context->head >= slots || context->tail >= slots ||
	    context->events.len != (size_t)aio_waiting(context->head, context->tail, slots) * AIO_EVENT_SIZE)
		return bad_aio("the events of the AIO context at %#" PRIx64 " are not valid", context->start);
	return 0;
}

int aio_check(const Cr__Memory *memory)
{
	size_t seen = 0;

	for (size_t i = 0; i < memory->n_mappings; i++) {
		int r;

		if (memory->mappings[i]->kind != CR__MAPPING_KIND__MAPPING_AIO)
			continue;
		if (seen == memory->n_aio_contexts)
			return bad_aio("the ring at %#" PRIx64 " is of no AIO context",
				       memory->mappings[i]->start);
		r = context_check(memory->aio_contexts[seen++], memory->mappings[i]);
		if (r < 0)
			return r;
	}
	return seen == memory->n_aio_contexts ? 0 : bad_aio("an AIO context has no mapping");
}
