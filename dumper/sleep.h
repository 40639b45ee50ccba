/* SPDX-License-Identifier: MIT */
/*
 * Since when a thread sleeps, which no interface of the kernel tells: its scheduling entity says when it last
 * ran, on a clock that each CPU has for itself. What cannot be told leaves a sleep at its full length, never
 * shorter.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "common/compiler.h"

/* What a thread was waiting in, seen just before it was frozen. */
struct sleep_info {
	char wait_channel[40]; /* /proc/TID/wchan, or empty */
	bool has_last_run;
	uint64_t last_run_ns; /* on the clock of CPU number PROCESSOR */
	int processor;
	uint64_t voluntary_switches;
};

/* PROC_FD is the thread's. Nothing here fails; what is not known stays empty. */
void sleep_note(int proc_fd, struct sleep_info *ret_info);

/* Whether the wait channel is that of a call with a timeout; else the thread was on its way to it, or is
 * elsewhere. */
bool sleep_is_timed(const struct sleep_info *info);

/* How long the thread, frozen at FREEZE_NS (CLOCK_MONOTONIC), had slept by then, in ns; 0 if that is not
 * known. */
int64_t sleep_elapsed_ns(const struct sleep_info *info, int proc_fd, int64_t freeze_ns);
