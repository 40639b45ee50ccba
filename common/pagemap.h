/* SPDX-License-Identifier: MIT */
/*
 * Which pages of an address range hold contents, from /proc/PID/pagemap
 * (kernel Documentation/admin-guide/mm/pagemap.rst).
 *
 * Seen from the page tables of one process: a page of a shared mapping that this process has not touched is
 * not reported, though the file or shared memory may hold it. MADV_FREE'd pages are contents until the kernel
 * takes them. Never-touched pages, the zero page, and guard regions are not contents. On kernels and for
 * callers that cannot tell zero pages apart these are reported too, which costs work, not correctness: the
 * huge zero page before Linux 6.17; every zero page without PAGEMAP_SCAN and without CAP_SYS_ADMIN.
 */
#pragma once

#include <stdbool.h>

#include "common/compiler.h"
#include "common/uapi_pagemap.h"

enum pagemap_kind {
	/* Pages of a private mapping whose contents differ from what backs it: anonymous, present or swapped
	   out. */
	PAGEMAP_ANONYMOUS_CONTENT,
	/* Those, and pages of the file or shared memory behind. */
	PAGEMAP_ANY_CONTENT,
	/* Guard regions instead; only where kernel_features.has_pagemap_guard. */
	PAGEMAP_GUARDS,
};

enum pagemap_method {
	PAGEMAP_METHOD_AUTO,    /* PAGEMAP_SCAN if the kernel knows it, else the entries */
	PAGEMAP_METHOD_ENTRIES, /* for tests */
};

#define PAGEMAP_CHUNK_RANGES 512
#define PAGEMAP_CHUNK_ENTRIES 1024

struct pagemap_range {
	uint64_t start;
	uint64_t end; /* exclusive */
};

/* An iterator over one address range; about 20 KiB and nothing to free. */
struct pagemap_scan {
	int pagemap_fd; /* borrowed */
	enum pagemap_kind kind;
	bool use_entries;
	bool has_guard_category;
	uint64_t position; /* all below is in ranges[], or was returned */
	uint64_t end;
	bool has_zero_page_frame; /* asked for, at least; for the entries only */
	uint64_t zero_page_frame; /* 0 if hidden */
	struct pagemap_range ranges[PAGEMAP_CHUNK_RANGES];
	size_t ranges_count;
	size_t ranges_next;
	union {
		struct uapi_page_region regions[PAGEMAP_CHUNK_RANGES];
		uint64_t entries[PAGEMAP_CHUNK_ENTRIES];
	};
};

/* PAGEMAP_FD is an open /proc/PID/pagemap; START and END are multiples of the page size. Nothing is asked
 * yet. */
void pagemap_scan_init(struct pagemap_scan *scan, int pagemap_fd, uint64_t start, uint64_t end,
		       enum pagemap_kind kind, enum pagemap_method method);

/*
 * The next range with contents: 1, or 0 at the end. Ranges ascend and never touch each other; one may span
 * several mappings. The process should be stopped, else pages come and go meanwhile.
 */
int must_check pagemap_scan_next(struct pagemap_scan *scan, struct pagemap_range *ret_range);
