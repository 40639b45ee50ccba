/* SPDX-License-Identifier: MIT */
/* Pages that are shared copy-on-write with the parent: both page tables lead to the same page frame, or swap
 * slot. */
#pragma once

#include "dumper/dump.h"

/* The end of user space on x86-64 with four levels of page tables. */
#define COW_USER_SPACE_END (UINT64_C(0x7ffffffff000))

/* How many pages there are at a time. */
#define COW_PAGES_MAX 512

struct cow {
	const Cr__Memory *parent; /* NULL: nothing is shared, or it cannot be told */
	const Cr__Memory *memory;
	int own_fd, parent_fd; /* /proc/PID/pagemap */
	size_t position;
	/* Of the own page table, read ahead: ranges mostly lie close together. */
	uint64_t window_page;
	size_t window_count;
	uint64_t window[COW_PAGES_MAX];
};

#define COW_NONE ((struct cow){.own_fd = -EBADF, .parent_fd = -EBADF})

/* For PROCESS, whose memory has been collected, and that of its parent. Logs. */
int must_check cow_begin(struct cow *cow, const struct dump *dump, const struct process *process);
void cow_done(struct cow *cow);

/* Up to where mapping number INDEX, ascending from call to call, may have pages of the parent; 0: it has
 * none. */
uint64_t cow_twin_end(struct cow *cow, size_t index);

struct cow_pages {
	bool is_of_parent[COW_PAGES_MAX];
	bool is_exclusive; /* none of them is shared with another process */
};

/* Looks at COUNT pages from PAGE on; IS_TWIN: the parent's may be the same. Logs. */
int must_check cow_look(struct cow *cow, uint64_t page, size_t count, bool is_twin,
			struct cow_pages *ret_pages);
