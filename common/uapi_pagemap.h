/* SPDX-License-Identifier: MIT */
/*
 * The kernel's interface to page states, as described in Documentation/admin-guide/mm/pagemap.rst: the ioctl
 * PAGEMAP_SCAN (Linux 6.7) and the 64-bit entries of /proc/PID/pagemap. Stated here because the headers of
 * many systems are older than their kernel.
 */
#pragma once

#include <sys/ioctl.h>

#include "common/compiler.h"

/* Categories of a page in an answer of PAGEMAP_SCAN, and in its masks. */
enum uapi_page_category {
	UAPI_PAGE_WP_ALLOWED = 1 << 0, /* userfaultfd's asynchronous write protection is on */
	UAPI_PAGE_WRITTEN = 1 << 1,    /* since it was write-protected */
	UAPI_PAGE_FILE = 1 << 2,       /* belongs to a file or to shared memory: not anonymous */
	UAPI_PAGE_PRESENT = 1 << 3,
	UAPI_PAGE_SWAPPED = 1 << 4, /* no page, but an entry: swap, migration, or a marker such as a guard */
	UAPI_PAGE_ZERO = 1 << 5,    /* the zero page (the huge one: since Linux 6.17) */
	UAPI_PAGE_HUGE = 1 << 6,    /* mapped by a PMD */
	UAPI_PAGE_SOFT_DIRTY = 1 << 7,
	UAPI_PAGE_GUARD = 1 << 8, /* MADV_GUARD_INSTALL; since Linux 6.15 */
};

/* A run of pages of one kind. */
struct uapi_page_region {
	uint64_t start;
	uint64_t end; /* exclusive */
	uint64_t categories;
};

/*
 * A page is reported if ((its categories ^ category_inverted) & category_mask) == category_mask and, unless
 * category_anyof_mask is 0, (its categories ^ category_inverted) & category_anyof_mask is not 0.
 */
struct uapi_pagemap_scan {
	uint64_t size; /* of this struct */
	uint64_t flags;
	uint64_t start;
	uint64_t end;
	uint64_t walk_end; /* answer: how far the walk came */
	uint64_t regions;  /* address of an array of struct uapi_page_region */
	uint64_t regions_capacity;
	uint64_t max_pages; /* 0 for no limit */
	uint64_t category_inverted;
	uint64_t category_mask;
	uint64_t category_anyof_mask;
	uint64_t return_mask; /* what to tell of a region's categories */
};

/* Returns the number of regions filled in. */
#define UAPI_PAGEMAP_SCAN _IOWR('f', 16, struct uapi_pagemap_scan)

/* An entry of /proc/PID/pagemap. */
#define UAPI_PAGEMAP_PFN_MASK (((uint64_t)1 << 55) - 1) /* 0 without CAP_SYS_ADMIN */
#define UAPI_PAGEMAP_EXCLUSIVE ((uint64_t)1 << 56)      /* mapped once; only of pages that are present */
#define UAPI_PAGEMAP_GUARD ((uint64_t)1 << 58)          /* since Linux 6.15 */
#define UAPI_PAGEMAP_FILE ((uint64_t)1 << 61)
#define UAPI_PAGEMAP_SWAPPED ((uint64_t)1 << 62)
#define UAPI_PAGEMAP_PRESENT ((uint64_t)1 << 63)
