/* SPDX-License-Identifier: MIT */
/* What the kernel notes of an io_uring(7), and tells by no system call. */
#pragma once

#include <stdbool.h>

#include "common/kernel_memory.h"
#include "common/uapi_io_uring.h"

struct kernel_rings;

/* Errors: those of kernel_memory_open() and kernel_types_open(). */
int must_check kernel_rings_open(struct kernel_rings **ret_rings);
void kernel_rings_close(struct kernel_rings *rings);
DEFINE_FREEP(kernel_rings, kernel_rings_close)

struct kernel_ring {
	struct kernel_address file;      /* struct file, the same for all descriptors of the ring */
	struct kernel_address submitter; /* the only task that may use it (IORING_SETUP_SINGLE_ISSUER) */
	struct kernel_address eventfd;   /* what an eventfd's file has as its private data */
	bool is_eventfd_async;
	uint32_t flags; /* IORING_SETUP_* */
	uint32_t sq_entries, cq_entries;
	uint32_t sq_head, cq_tail; /* where the kernel goes on */
	uint32_t requests_count;   /* in flight, or completed but not freed yet */
	uint32_t completed_count;  /* of these, so many are to be told as completed, and nothing else, when
				    * their thread looks (IORING_SETUP_DEFER_TASKRUN) */
	bool has_timeouts;         /* some of them are timeouts */
	bool has_overflown;        /* completions that did not fit in wait for room */
	bool is_restricted;        /* IORING_REGISTER_RESTRICTIONS */
	bool has_provided_buffers; /* IORING_REGISTER_PBUF_RING, IORING_OP_PROVIDE_BUFFERS */
	bool has_personalities;    /* IORING_REGISTER_PERSONALITY */
	bool has_region;           /* IORING_REGISTER_MEM_REGION */
	bool has_zero_copy;        /* IORING_REGISTER_ZCRX_IFQ */
	int32_t clock_id;
	bool has_worker_limits;
	uint32_t worker_limits[2];
	uint32_t files_count, file_range_start, file_range_end;
	struct kernel_address files;
	uint32_t buffers_count;
	struct kernel_address buffers;
	struct kernel_address rings_page, entries_page; /* struct page of what is mapped first of both */
};

/*
 * Of the ring FD, a descriptor of the calling thread. Nothing may be submitted meanwhile. -ENOENT if this
 * kernel keeps it otherwise.
 */
int must_check kernel_rings_read(struct kernel_rings *rings, int fd, struct kernel_ring *ret);

/* What is registered at one index. */
struct kernel_ring_file {
	struct kernel_address file; /* struct file; 0: none */
	uint64_t tag;
};

struct kernel_ring_buffer {
	uint64_t address, size; /* 0: none */
	uint64_t tag;
	bool is_kernels; /* no memory of a process */
	struct kernel_address pieces;
	uint32_t pieces_count;
};

/* A piece of it that is one in physical memory: SIZE bytes, from OFFSET behind the beginning of a page. */
struct kernel_ring_piece {
	struct kernel_address page; /* struct page */
	uint32_t size, offset;
};

int must_check kernel_rings_read_file(struct kernel_rings *rings, const struct kernel_ring *ring,
				      uint32_t index, struct kernel_ring_file *ret);
int must_check kernel_rings_read_buffer(struct kernel_rings *rings, const struct kernel_ring *ring,
					uint32_t index, struct kernel_ring_buffer *ret);

/* COUNT of its pieces from FIRST on, which must be there. */
int must_check kernel_rings_read_pieces(struct kernel_rings *rings, const struct kernel_ring_buffer *buffer,
					uint32_t first, uint32_t count, struct kernel_ring_piece *ret_pieces);

/* The struct file behind FD, a descriptor of the calling thread, and its private data. */
int must_check kernel_rings_own_file(struct kernel_rings *rings, int fd, struct kernel_address *ret_file,
				     struct kernel_address *ret_private);

/* A thread, by a pidfd of it, and the files of the rings that it has registered (IORING_REGISTER_RING_FDS).
 */
struct kernel_ring_thread {
	struct kernel_address task;
	struct kernel_address registered[UAPI_IO_RINGFD_REG_MAX];
};

int must_check kernel_rings_read_thread(struct kernel_rings *rings, int pidfd,
					struct kernel_ring_thread *ret);
