/* SPDX-License-Identifier: MIT */
/* The POSIX timers of a process: /proc/PID/timers (proc_pid_timers(5)). Times and overruns are not told
 * there. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "common/compiler.h"

enum timer_notify {
	TIMER_NOTIFY_SIGNAL, /* SIGEV_SIGNAL */
	TIMER_NOTIFY_NONE,   /* SIGEV_NONE */
	TIMER_NOTIFY_THREAD, /* SIGEV_THREAD; a kernel does not use it */
};

struct timer_info {
	int32_t id; /* as of timer_create(2) at the level of the system call */
	int32_t signal;
	uint64_t value; /* sigev_value as a pointer */
	enum timer_notify notify;
	bool is_thread_target; /* SIGEV_THREAD_ID: TARGET is a tid */
	int32_t target;        /* in the pid namespace of the reader */
	int32_t clock_id;      /* negative for a CPU-time clock of some task */
};

struct timer_list {
	struct timer_info *timers; /* in the order of the file; owned */
	size_t timers_count;
	size_t timers_capacity;
};

/* RLIMIT_SIGPENDING bounds them in fact. */
#define TIMER_COUNT_MAX 1048576

int must_check timer_list_parse(const char *text, size_t size, struct timer_list *ret);
int must_check timer_list_read(int proc_fd, struct timer_list *ret);
void timer_list_done(struct timer_list *list);
