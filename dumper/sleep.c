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

/* Looks at the clock of a CPU, and how far off one is that needs no more. */
#define OFFSET_LOOKS_MAX 16
#define OFFSET_ERROR_NS 1000000

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

static int64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/*
 * How far the clock of the CPU that we run on is ahead of CLOCK_MONOTONIC; less by the time that we were kept
 * from running between the two looks, never more. So the most of several is the best, and a quick one is
 * good.
 */
static int scheduler_offset_here(int64_t *ret_ns)
{
	cleanup_close int own_fd = -EBADF;
	int r = proc_open(gettid(), &own_fd);

	*ret_ns = INT64_MIN;
	for (int i = 0; r == 0 && i < OFFSET_LOOKS_MAX; i++) {
		int64_t begin_ns, end_ns;
		struct sched_info sched;

		sched_yield(); /* brings our own account up to date */
		begin_ns = monotonic_ns();
		r = sched_read(own_fd, &sched);
		end_ns = monotonic_ns();
		if (r == 0)
			*ret_ns = MAX(*ret_ns, (int64_t)sched.exec_start_ns - end_ns);
		if (end_ns - begin_ns <= OFFSET_ERROR_NS)
			break;
	}
	return r;
}

static int scheduler_offset(int processor, int64_t *ret_ns)
{
	cpu_set_t old, wanted;
	int r;

	if (sched_getaffinity(0, sizeof(old), &old) < 0)
		return -errno;
	CPU_ZERO(&wanted);
	CPU_SET((unsigned)processor, &wanted);
	if (sched_setaffinity(0, sizeof(wanted), &wanted) < 0)
		return -errno;
	r = scheduler_offset_here(ret_ns);
	if (sched_setaffinity(0, sizeof(old), &old) < 0)
		log_debug("cannot set the CPU affinity back");
	return r;
}

int64_t sleep_elapsed_ns(const struct sleep_info *info, int proc_fd, int64_t freeze_ns)
{
	struct sched_info sched;
	int64_t offset_ns = 0;

	/* One switch more is that of the freeze; any other says that it ran in between. */
	if (!info->has_last_run || sched_read(proc_fd, &sched) < 0 ||
	    sched.voluntary_switches > info->voluntary_switches + 1)
		return 0;
	if (scheduler_offset(info->processor, &offset_ns) < 0)
		return 0;
	return MAX(freeze_ns + offset_ns - (int64_t)info->last_run_ns, INT64_C(0));
}
