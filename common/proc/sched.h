/* SPDX-License-Identifier: MIT */
/*
 * What the scheduler knows of a task: /proc/PID/task/TID/sched (proc_pid_sched(5)). A kernel without
 * CONFIG_SCHED_DEBUG (before Linux 6.15) has no such file: -ENOENT.
 */
#pragma once

#include <stdbool.h>

#include "common/compiler.h"

struct sched_info {
	uint64_t exec_start_ns; /* when it last began to run or was accounted, on the scheduler's clock */
	uint64_t voluntary_switches;
	uint64_t involuntary_switches;
};

/* -EBADMSG unless all three are there. */
int must_check sched_parse(const char *text, size_t size, struct sched_info *ret);

/* PROC_FD is a thread's, or a process's for its main thread. */
int must_check sched_read(int proc_fd, struct sched_info *ret);
