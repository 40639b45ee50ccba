/* SPDX-License-Identifier: MIT */
/* What a valid io_uring is. */
#pragma once

#include "common/compiler.h"
#include "common/uapi_io_uring.h"
#include "format/fd/io_uring.pb-c.h"

/* Those that a ring can be made again with. */
#define IO_URING_FLAGS_KNOWN                                                                                 \
	(IORING_SETUP_IOPOLL | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP | IORING_SETUP_R_DISABLED |          \
	 IORING_SETUP_SUBMIT_ALL | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG |                   \
	 IORING_SETUP_SQE128 | IORING_SETUP_CQE32 | UAPI_IORING_SETUP_SINGLE_ISSUER |                        \
	 UAPI_IORING_SETUP_DEFER_TASKRUN | UAPI_IORING_SETUP_NO_SQARRAY | UAPI_IORING_SETUP_HYBRID_IOPOLL |  \
	 UAPI_IORING_SETUP_CQE_MIXED)

/* IoUring.offsets by index. */
enum io_uring_offset {
	IO_URING_SQ_HEAD,
	IO_URING_SQ_TAIL,
	IO_URING_SQ_RING_MASK,
	IO_URING_SQ_RING_ENTRIES,
	IO_URING_SQ_FLAGS,
	IO_URING_SQ_DROPPED,
	IO_URING_SQ_ARRAY, /* 0 with IORING_SETUP_NO_SQARRAY */
	IO_URING_CQ_HEAD,
	IO_URING_CQ_TAIL,
	IO_URING_CQ_RING_MASK,
	IO_URING_CQ_RING_ENTRIES,
	IO_URING_CQ_OVERFLOW,
	IO_URING_CQ_CQES,
	IO_URING_CQ_FLAGS,
	IO_URING_OFFSETS_COUNT,
};

/* 0, or -EBADMSG and why in *ret_reason (static text). */
int must_check io_uring_check(const Cr__IoUring *ring, const char **ret_reason);

/* What the kernel has said when it made a ring, in the order of IoUring.offsets. */
void io_uring_offsets_get(const struct io_uring_params *params, uint32_t ret_offsets[IO_URING_OFFSETS_COUNT]);

/* Bytes that both rings take together, and the entries to be submitted: whole pages. */
uint64_t io_uring_ring_size(const Cr__IoUring *ring);
uint64_t io_uring_entries_size(const Cr__IoUring *ring);

/* Bytes that can be mapped at an offset of the descriptor, IORING_OFF_*; 0: there is nothing. */
uint64_t io_uring_mapping_size(const Cr__IoUring *ring, uint64_t offset);
