/* SPDX-License-Identifier: MIT */
/* Timers that are read, timerfd_create(2), at dump. */
#include <errno.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/proc/cursor.h"
#include "common/proc/proc_dir.h"
#include "dumper/fd/fd_dumper.h"
#include "format/fd/timerfd.h"

#define NS_PER_SECOND INT64_C(1000000000)

/* How often a periodic timer may expire just between two looks at it. */
#define TRIES 10

static bool timerfd_matches(const struct fd_info *info)
{
	return fd_info_is_anonymous(info, "[timerfd]");
}

static int64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

/* "(SECONDS, NANOSECONDS)", of what fits a ktime_t. */
static int parse_time(const struct fdinfo *fdinfo, const char *key, int64_t *ret_ns)
{
	const char *text = fdinfo_get(fdinfo, key);
	struct cursor cursor;
	int64_t seconds, ns;

	if (!text)
		return -ENOENT;
	cursor = CURSOR(text, strlen(text));
	if (!cursor_skip(&cursor, "(") || cursor_i64(&cursor, &seconds) < 0 || !cursor_skip(&cursor, ",") ||
	    cursor_i64(&cursor, &ns) < 0 || !cursor_skip(&cursor, ")") || seconds < 0 || ns < 0)
		return -EBADMSG;
	if (__builtin_mul_overflow(seconds, NS_PER_SECOND, &seconds) ||
	    __builtin_add_overflow(seconds, ns, ret_ns))
		return -ERANGE;
	return 0;
}

/* proc_pid_fdinfo(5) */
static int parse(const struct fdinfo *fdinfo, Cr__Timerfd *entry)
{
	uint64_t clock = 0, flags = 0;
	int r = fdinfo_get_u64(fdinfo, "clockid", 10, &clock);

	if (r == 0)
		r = fdinfo_get_u64(fdinfo, "ticks", 10, &entry->ticks);
	if (r == 0)
		r = fdinfo_get_u64(fdinfo, "settime flags", 8, &flags);
	if (r == 0)
		r = parse_time(fdinfo, "it_value", &entry->value_ns);
	if (r == 0)
		r = parse_time(fdinfo, "it_interval", &entry->interval_ns);
	entry->clock = (int32_t)clock;
	entry->flags = (uint32_t)flags;
	return r;
}

/* Its state now. Only timerfd_gettime(2) makes a periodic timer that has expired count on; else it seems to
 * rest. */
static int look(int our_fd, int own_proc_fd, Cr__Timerfd *entry)
{
	cleanup_(fdinfo_done) struct fdinfo fdinfo = {0};
	struct itimerspec spec;
	int r;

	if (timerfd_gettime(our_fd, &spec) < 0)
		return -errno;
	r = fdinfo_read(own_proc_fd, our_fd, &fdinfo);
	return r < 0 ? r : parse(&fdinfo, entry);
}

/*
 * A timer with an interval and no time left is disarmed, or has expired since timerfd_gettime(2) a moment
 * ago. One that runs shows it by its ticks.
 */
static int look_closely(int our_fd, Cr__Timerfd *entry)
{
	cleanup_close int own_proc_fd = -EBADF;
	uint64_t ticks;
	int r = proc_open(getpid(), &own_proc_fd);

	if (r == 0)
		r = look(our_fd, own_proc_fd, entry);
	ticks = entry->ticks;
	for (int i = 0; r == 0 && i < TRIES && entry->value_ns == 0 && entry->interval_ns > 0; i++) {
		r = look(our_fd, own_proc_fd, entry);
		if (r == 0 && entry->ticks == ticks)
			return 0;
	}
	if (r == 0 && entry->interval_ns > 0 && entry->value_ns == 0)
		entry->value_ns = 1;
	return r;
}

/*
 * The timer has gone on since the freeze: gives it that time back. Of a periodic one that takes back the
 * expirations since then; one that has not expired yet has no ticks to take. When a timer that expires once
 * did, cannot be told.
 */
static void turn_back(Cr__Timerfd *entry, int64_t frozen_ns)
{
	int64_t interval_ns = entry->interval_ns, count = 0;

	if (entry->value_ns == 0)
		return;
	entry->value_ns += MIN(frozen_ns, INT64_MAX - entry->value_ns);
	if (interval_ns > 0 && entry->value_ns > interval_ns && entry->value_ns - frozen_ns <= interval_ns)
		count = (entry->value_ns - 1) / interval_ns;
	if ((uint64_t)count > entry->ticks)
		return;
	entry->ticks -= (uint64_t)count;
	entry->value_ns -= count * interval_ns;
}

static void check(struct dump *dump, const Cr__Timerfd *entry)
{
	if (!timerfd_clock_is_known(entry->clock))
		blockers_add(&dump->blockers, "is a timerfd of clock %d, which this version does not know",
			     entry->clock);
	/* Of one with an interval the ticks may be expirations, so that nothing can be told. */
	if (entry->flags & TFD_TIMER_CANCEL_ON_SET && entry->ticks > 0 && entry->value_ns > 0 &&
	    entry->interval_ns == 0)
		blockers_add(&dump->blockers, "its timerfd was cancelled by a change of the clock "
					      "(TFD_TIMER_CANCEL_ON_SET), which the "
					      "program has not read yet: try again when it has");
}

static int describe(struct dump *dump, struct open_file *file, const Cr__Timerfd *entry)
{
	file->description = entry->value_ns == 0
				    ? "disarmed"
				    : arena_format(&dump->arena, "%jd ms left",
						   (intmax_t)(entry->value_ns / (NS_PER_SECOND / 1000)));
	return file->description ? 0 : log_error_errno(-ENOMEM, "cannot note its time");
}

static int timerfd_collect(struct dump *dump, const struct process *process maybe_unused,
			   const struct fd_info *info, struct open_file *file)
{
	Cr__Timerfd *entry = arena_new(&dump->arena, Cr__Timerfd);
	int64_t deadline_ns;
	int r;

	if (!entry)
		return log_error_errno(-ENOMEM, "cannot note its time");
	cr__timerfd__init(entry);
	r = look_closely(info->our_fd, entry);
	if (r < 0)
		return log_error_errno(r, "cannot read its time");
	deadline_ns = clock_ns(CLOCK_REALTIME) + MIN(entry->value_ns, INT64_MAX / 2);
	check(dump, entry);
	if (timerfd_has_deadline(entry))
		entry->deadline_ns = deadline_ns;
	else
		turn_back(entry, clock_ns(CLOCK_MONOTONIC) - dump->freeze_ns);
	file->entry = &entry->base;
	return describe(dump, file, entry);
}

const struct fd_dumper timerfd_fd_dumper = {
	.name = "timerfd",
	.inside_only_name = "[timerfd]",
	.matches = timerfd_matches,
	.collect = timerfd_collect,
};
