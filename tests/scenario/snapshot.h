/* SPDX-License-Identifier: MIT */
/*
 * What can be seen from outside of a process and all that are below it, as lines of text, for a comparison
 * before and after. Left out is what must differ (times, counters, memory use, the root's parent) or may (how
 * equal neighbouring mappings are split).
 */
#pragma once

#include <stdio.h>
#include <sys/types.h>

#include "common/cleanup.h"

struct snapshot_fd;

struct snapshot {
	char **lines;
	size_t lines_count;
	size_t lines_capacity;
	unsigned long *deleted; /* inodes of deleted files, in the order in which they were met; owned */
	size_t deleted_count;
	size_t deleted_capacity;
	struct snapshot_fd *fds;
	size_t fds_count;
	size_t fds_capacity;
	/* Bytes of anonymous memory; may shrink (zero pages), must not grow much. */
	unsigned long long anonymous_bytes;
};

/* 0 or a negative errno; free with snapshot_free() in either case. */
int snapshot_take(pid_t root, struct snapshot **ret_snapshot);
void snapshot_free(struct snapshot *snapshot);
DEFINE_FREEP(snapshot, snapshot_free)

/*
 * Prints to OUT, unless that is NULL, what is in one only, "- " before and "+ " after, each with PREFIX;
 * returns how many lines that were.
 */
unsigned int snapshot_compare(const struct snapshot *before, const struct snapshot *after, FILE *out,
			      const char *prefix);
