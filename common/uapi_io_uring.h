/* SPDX-License-Identifier: MIT */
/*
 * io_uring(7): what the headers of many systems lack, for they are older than their kernel.
 */
#pragma once

#include <linux/io_uring.h>

#include "common/compiler.h"

/* io_uring_setup(2) */
#define UAPI_IORING_SETUP_SINGLE_ISSUER (1U << 12)
#define UAPI_IORING_SETUP_DEFER_TASKRUN (1U << 13)
#define UAPI_IORING_SETUP_NO_MMAP (1U << 14)
#define UAPI_IORING_SETUP_REGISTERED_FD_ONLY (1U << 15)
#define UAPI_IORING_SETUP_NO_SQARRAY (1U << 16)
#define UAPI_IORING_SETUP_HYBRID_IOPOLL (1U << 17)
#define UAPI_IORING_SETUP_CQE_MIXED (1U << 18)

/* io_uring_register(2) */
#define UAPI_IORING_REGISTER_RING_FDS 20
#define UAPI_IORING_REGISTER_FILE_ALLOC_RANGE 25
#define UAPI_IORING_REGISTER_CLOCK 29
#define UAPI_IORING_RSRC_REGISTER_SPARSE (1U << 0)

/* Of the first of these. */
struct uapi_io_uring_ring_fd {
	uint32_t offset; /* where it is to be registered */
	uint32_t reserved;
	uint64_t fd;
};

/* Ring descriptors that a thread can have registered. */
#define UAPI_IO_RINGFD_REG_MAX 16

struct uapi_io_uring_file_range {
	uint32_t start, count;
	uint64_t reserved;
};

struct uapi_io_uring_clock {
	uint32_t clock_id;
	uint32_t reserved[3];
};

/* The kernel's limits, io_uring_setup(2). */
#define UAPI_IORING_MAX_ENTRIES 32768U
#define UAPI_IORING_MAX_CQ_ENTRIES (2 * UAPI_IORING_MAX_ENTRIES)
/* And those of what can be registered. */
#define UAPI_IORING_MAX_FIXED_FILES (1U << 20)
#define UAPI_IORING_MAX_REG_BUFFERS (1U << 14)
