/* SPDX-License-Identifier: MIT */
/* Who has mapped a file outside of what is dumped: one pass over the mappings of all other processes. */
#pragma once

#include "common/proc/proc_dir.h"
#include "dumper/dump.h"

struct map_holder {
	pid_t pid;
	char comm[PROC_COMM_SIZE];
	dev_t device; /* st_dev and st_ino of the file */
	ino_t inode;
	uint64_t start;
	bool is_shared; /* MAP_SHARED */
	bool may_write; /* shared and writable */
};

/*
 * Calls FOUND for each mapping of a file whose inode number IS_WANTED says yes to. Without
 * CAP_CHECKPOINT_RESTORE the device is that of the file system, which differs from st_dev for some.
 * *ret_unreadable is the number of processes that could not be looked at. Logs.
 */
struct map_search {
	bool (*is_wanted)(uint64_t inode, const void *context);
	int (*found)(struct dump *dump, const struct map_holder *holder, void *context);
	void *context;
};
int must_check map_search_run(struct dump *dump, const struct map_search *search, size_t *ret_unreadable);
