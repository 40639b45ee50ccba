/* SPDX-License-Identifier: MIT */
/*
 * Where the kernel sees the contents of a page of which it keeps a struct page: it maps all memory in one
 * piece, and keeps all struct page in another. Where these begin is told to nobody; it is found out by pages
 * of our own, whose frame number /proc/self/pagemap tells, and whose struct page stands in a pipe.
 */
#pragma once

#include "common/kernel_memory.h"

struct kernel_pages {
	uint64_t page_first, page_stride; /* the struct page of frame 0; bytes from one to the next */
	uint64_t mapped_first;            /* where frame 0 is mapped */
};

/* -ENOTSUP: the kernel is not like that; -EPERM: frame numbers are not told (CAP_SYS_ADMIN); otherwise as
 * kernel_memory_read() and kernel_types_find(). */
int must_check kernel_pages_find(struct kernel_memory *memory, struct kernel_types *types,
				 struct kernel_pages *ret_pages);

/* Where the contents of the page begin of which PAGE is the struct page. -ENOTSUP: it is none. */
int must_check kernel_page_contents(const struct kernel_pages *pages, struct kernel_address page,
				    struct kernel_address *ret_contents);
