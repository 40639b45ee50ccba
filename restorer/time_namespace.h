/* SPDX-License-Identifier: MIT */
/*
 * The program's clocks CLOCK_MONOTONIC and CLOCK_BOOTTIME go on: where the machine's would be others than
 * before, as after a move to one that was started later, its processes are made in a time namespace
 * (time_namespaces(7)).
 */
#pragma once

#include "common/proc/time_offsets.h"
#include "restorer/restore.h"

/* What the clocks are here, for cr-restore. */
struct time_here {
	bool is_same_boot; /* the dump was made on this machine, and it has not been started anew since */
	int64_t monotonic_ns, boottime_ns;
	int64_t elapsed_ns; /* since the dump, by the time of day */
	struct time_offsets offsets;
};

/*
 * Whether the program needs a time namespace of its own, and which: on the same machine that with the
 * offsets it had; on another if its clocks would go back, or were not those of the machine: then they go on
 * with what they were, and the time that has passed since.
 */
bool time_namespace_is_needed(const Cr__Host *dumped, const struct time_here *here,
			      struct time_offsets *ret_offsets);

/* Before the first process is made. If it cannot be, a notice says what the program will see. */
int must_check time_namespace_create(struct restore *restore);
