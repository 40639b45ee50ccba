/* SPDX-License-Identifier: MIT */
/* The one-line state of a task: /proc/PID/stat (proc_pid_stat(5)). */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "common/compiler.h"
#include "common/proc/proc_dir.h"

/* In kernel_flags: the kernel's own thread in a process, for io_uring(7), which never runs code of it. */
#define STAT_FLAG_IO_WORKER 0x00000010

/*
 * The 52 fields in their order. Addresses are 0 for a reader without ptrace access to the task (then
 * start_code and end_code are 1). Times are in clock ticks (sysconf(_SC_CLK_TCK)) unless said otherwise.
 */
struct stat_info {
	int32_t pid;
	char comm[PROC_COMM_SIZE];
	char state;
	int32_t ppid, pgid, sid;
	int32_t tty;           /* device number of the controlling terminal, 0 for none */
	int32_t tty_pgid;      /* -1 without terminal */
	uint64_t kernel_flags; /* PF_* of the kernel */
	uint64_t minor_faults, children_minor_faults, major_faults, children_major_faults;
	uint64_t user_ticks, system_ticks;
	int64_t children_user_ticks, children_system_ticks;
	int64_t priority, nice;
	int64_t threads_count;
	int64_t interval_timer; /* always 0 */
	uint64_t start_ticks;   /* since boot */
	uint64_t virtual_size;  /* bytes */
	int64_t rss_pages;
	uint64_t rss_limit;
	uint64_t start_code, end_code, start_stack;
	uint64_t stack_pointer, instruction_pointer; /* 0 but for exiting tasks */
	uint64_t pending, blocked, ignored, caught;  /* the first 32 signals only: use status */
	uint64_t wait_channel;
	uint64_t swapped_pages, children_swapped_pages; /* always 0 */
	int32_t exit_signal;                            /* sent to the parent; -1 for a thread */
	int32_t processor;
	uint32_t realtime_priority, scheduling_policy;
	uint64_t block_io_delay_ticks;
	uint64_t guest_ticks;
	int64_t children_guest_ticks;
	uint64_t start_data, end_data, start_brk, arg_start, arg_end, env_start, env_end;
	int32_t exit_code; /* as of waitpid(2) */
};

/* Fields beyond the 52nd are ignored; a missing one is -EBADMSG. */
int must_check stat_parse(const char *text, size_t size, struct stat_info *ret);

/* PROC_FD may be a thread's. */
int must_check stat_read(int proc_fd, struct stat_info *ret);
