/* SPDX-License-Identifier: MIT */
/* The buffers that queues of sockets are made of (struct sk_buff), in the kernel's memory. */
#pragma once

#include <stdbool.h>

#include "common/kernel_page.h"

/* Where the members of buffers are, by which all of a kernel are read. */
struct kernel_buffers {
	struct kernel_memory *memory; /* borrowed */
	struct kernel_types *types;   /* borrowed */
	struct kernel_member size, paged_size, head, data, end;
	struct kernel_member shared_count, shared_list, shared_fragments;
	struct kernel_member fragment_page, fragment_size, fragment_offset;
	struct kernel_pages pages; /* looked for when they are needed */
	bool has_pages;
};

/* One of them. */
struct kernel_buffer {
	uint64_t size;                /* bytes */
	uint64_t paged_size;          /* of these, so many do not stand together, but in pages */
	struct kernel_address data;   /* the others, which come first */
	struct kernel_address shared; /* tells of the pages */
};

/* As kernel_types_find(). MEMORY and TYPES must stay. */
int must_check kernel_buffers_find(struct kernel_buffers *buffers, struct kernel_memory *memory,
				   struct kernel_types *types);

/* Looks at the buffer at ADDRESS, which must not change meanwhile. -EAGAIN: it has. */
int must_check kernel_buffer_find(struct kernel_buffers *buffers, struct kernel_address address,
				  struct kernel_buffer *ret_buffer);

/*
 * SIZE bytes, from OFFSET on, which it must have. -ENOTSUP: they are kept in a way that is not known;
 * otherwise as kernel_pages_find().
 */
int must_check kernel_buffer_read(struct kernel_buffers *buffers, const struct kernel_buffer *buffer,
				  size_t offset, void *bytes, size_t size);
