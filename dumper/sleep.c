/* SPDX-License-Identifier: MIT */
/* Since when a thread sleeps. */
#include "dumper/sleep.h"

#include <sched.h>
#include <string.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/log.h"
#include "common/proc/proc_dir.h"
#include "common/proc/sched.h"
#include "common/proc/stat.h"

bool sleep_is_timed(const struct sleep_info *info)
{
	/*
	 * All functions of a nanosleep that goes on after an interruption are left out of wait channels; what
	 * remains is the system call itself.
	 */
	static const char *const channels[] = {
		"nanosleep", "poll", "futex", "sigtimedwait", "restart_syscall", "do_syscall_64",
	};

	for (size_t i = 0; i < ARRAY_SIZE(channels); i++)
		if (strstr(info->wait_channel, channels[i]))
			return true;
	return false;
}

void sleep_note(int proc_fd, struct sleep_info *ret_info)
{
	cleanup_free char *channel = NULL;
	struct sched_info sched;
	struct stat_info stat;

	*ret_info = (struct sleep_info){.wait_channel = ""};
	if (file_read_at(proc_fd, "wchan", sizeof(ret_info->wait_channel) - 1, &channel, NULL) < 0)
		return;
	strcpy(ret_info->wait_channel, channel);
	if (!sleep_is_timed(ret_info) || sched_read(proc_fd, &sched) < 0 || stat_read(proc_fd, &stat) < 0)
		return;
	ret_info->has_last_run = true;
	ret_info->last_run_ns = sched.exec_start_ns;
	ret_info->processor = stat.processor;
	ret_info->voluntary_switches = sched.voluntary_switches;
}

/* The time on the clock of CPU number PROCESSOR: our own, once we run there. */
static int scheduler_clock(int processor, uint64_t *ret_ns)
{
	cleanup_close int own_fd = -EBADF;
	struct sched_info sched;
	cpu_set_t old, wanted;
	int r;

	if (sched_getaffinity(0, sizeof(old), &old) < 0)
		return -errno;
	CPU_ZERO(&wanted);
	CPU_SET((unsigned)processor, &wanted);
	if (sched_setaffinity(0, sizeof(wanted), &wanted) < 0)
		return -errno;
	r = proc_open(gettid(), &own_fd);
	if (r == 0) {
		sched_yield(); /* brings our own account up to date */
		r = sched_read(own_fd, &sched);
	}
	if (sched_setaffinity(0, sizeof(old), &old) < 0)
		log_debug("cannot set the CPU affinity back");
	if (r == 0)
		*ret_ns = sched.exec_start_ns;
	return r;
}

int64_t sleep_elapsed_ns(const struct sleep_info *info, int proc_fd, int64_t freeze_ns)
{
	struct sched_info sched;
	struct timespec now;
	uint64_t clock_ns = 0;
	int64_t since_freeze;

	/* One switch more is that of the freeze; any other says that it ran in between. */
	if (!info->has_last_run || sched_read(proc_fd, &sched) < 0 ||
	    sched.voluntary_switches > info->voluntary_switches + 1)
		return 0;
	if (scheduler_clock(info->processor, &clock_ns) < 0 || clock_ns < info->last_run_ns)
		return 0;
	clock_gettime(CLOCK_MONOTONIC, &now);
	since_freeze = now.tv_sec * INT64_C(1000000000) + now.tv_nsec - freeze_ns;
	return MAX((int64_t)(clock_ns - info->last_run_ns) - since_freeze, INT64_C(0));
}
