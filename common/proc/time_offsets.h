/* SPDX-License-Identifier: MIT */
/*
 * How far the clocks of a time namespace are from those of the machine: /proc/PID/timens_offsets
 * (time_namespaces(7)). The file is of the namespace that the children of the process will be in.
 */
#pragma once

#include <stdbool.h>

#include "common/compiler.h"

struct time_offsets {
	int64_t monotonic_ns, boottime_ns; /* of CLOCK_MONOTONIC and CLOCK_BOOTTIME */
};

/* -EBADMSG unless both are there; -ERANGE if one is more than 2^61 nanoseconds. */
int must_check time_offsets_parse(const char *text, size_t size, struct time_offsets *ret);

/* PATH is as for openat(2): of /proc/PID or a thread. All 0 where the kernel has no time namespaces. */
int must_check time_offsets_read_at(int proc_fd, const char *path, struct time_offsets *ret);

/* Makes them those of the namespace that unshare(2) has made for the children of this thread, which
 * has to be the main thread: others have no such file. */
int must_check time_offsets_write(const struct time_offsets *offsets);

static inline bool time_offsets_are_equal(const struct time_offsets *one, const struct time_offsets *other)
{
	return one->monotonic_ns == other->monotonic_ns && one->boottime_ns == other->boottime_ns;
}
