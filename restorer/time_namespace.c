/* SPDX-License-Identifier: MIT */
/* Makes a time namespace. */
#include "restorer/time_namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include "common/log.h"

/* Newer than the headers that this may be built with. */
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

#define NS_PER_SECOND INT64_C(1000000000)

static int64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	return clock_gettime(clock, &now) < 0 ? 0 : now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

static int look_around(const struct restore *restore, struct time_here *ret)
{
	*ret = (struct time_here){
		.is_same_boot = strcmp(restore->manifest->host->boot_id, restore->features.boot_id) == 0,
		.monotonic_ns = clock_ns(CLOCK_MONOTONIC),
		.boottime_ns = clock_ns(CLOCK_BOOTTIME),
		.elapsed_ns = MAX(clock_ns(CLOCK_REALTIME) - restore->manifest->dump_time_ns, INT64_C(0)),
	};
	return time_offsets_read_at(AT_FDCWD, "/proc/self/timens_offsets", &ret->offsets);
}

bool time_namespace_is_needed(const Cr__Host *dumped, const struct time_here *here,
			      struct time_offsets *ret_offsets)
{
	if (here->is_same_boot) {
		*ret_offsets = (struct time_offsets){.monotonic_ns = dumped->monotonic_offset_ns,
						     .boottime_ns = dumped->boottime_offset_ns};
		return !time_offsets_are_equal(ret_offsets, &here->offsets);
	}
	*ret_offsets = (struct time_offsets){
		.monotonic_ns = dumped->monotonic_ns + here->elapsed_ns -
				(here->monotonic_ns - here->offsets.monotonic_ns),
		.boottime_ns = dumped->boottime_ns + here->elapsed_ns -
			       (here->boottime_ns - here->offsets.boottime_ns),
	};
	return dumped->monotonic_offset_ns != 0 || dumped->boottime_offset_ns != 0 ||
	       dumped->monotonic_ns > here->monotonic_ns || dumped->boottime_ns > here->boottime_ns;
}

/* What the program would see of CLOCK_MONOTONIC without: how far it is from where it would be. */
static void note_jump(int r, const struct time_here *here, const struct time_offsets *wanted)
{
	int64_t ahead_ns = here->offsets.monotonic_ns - wanted->monotonic_ns;

	log_notice(
		"the program will see CLOCK_MONOTONIC go %s by %jd s: a time namespace in which it would go "
		"on cannot be made here: %s",
		ahead_ns < 0 ? "back" : "ahead",
		(intmax_t)((ahead_ns < 0 ? -ahead_ns : ahead_ns) / NS_PER_SECOND), strerror(-r));
}

int time_namespace_create(struct restore *restore)
{
	struct time_offsets wanted;
	struct time_here here;
	int r = look_around(restore, &here);

	if (r < 0)
		return log_error_errno(r, "cannot look at the time namespace of cr-restore");
	if (!time_namespace_is_needed(restore->manifest->host, &here, &wanted))
		return 0;
	/* Of children of this thread: it itself stays where it is. */
	r = unshare(CLONE_NEWTIME) < 0 ? -errno : time_offsets_write(&wanted);
	if (r < 0) {
		note_jump(r, &here, &wanted);
		return 0;
	}
	log_info("the program goes on in a time namespace of its own");
	restore->clock_shift = (struct time_offsets){
		.monotonic_ns = wanted.monotonic_ns - here.offsets.monotonic_ns,
		.boottime_ns = wanted.boottime_ns - here.offsets.boottime_ns,
	};
	return 0;
}
