/* SPDX-License-Identifier: MIT */
/* Timers that are read, timerfd_create(2), at restore. */
#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/timerfd.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "format/fd/timerfd.h"
#include "restorer/fd/fd_restorer.h"

#define NS_PER_SECOND INT64_C(1000000000)

/* <linux/timerfd.h>, which cannot be included together with <sys/timerfd.h>. */
#ifndef TFD_IOC_SET_TICKS
#define TFD_IOC_SET_TICKS _IOW('T', 0, uint64_t)
#endif

static const Cr__Timerfd *entry_of(const struct object *object)
{
	return (const Cr__Timerfd *)object->entry;
}

static int timerfd_read_entry(struct restore *restore maybe_unused, struct object *object,
			      const char **ret_reason)
{
	return timerfd_check(entry_of(object), ret_reason);
}

/* What it takes to make a timer that has expired; -ENOTTY without CONFIG_CHECKPOINT_RESTORE. */
static int set_ticks(int fd, uint64_t ticks)
{
	return ioctl(fd, TFD_IOC_SET_TICKS, &ticks) < 0 ? -errno : 0;
}

static int probe_ticks(void)
{
	cleanup_close int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);

	return fd < 0 ? -errno : set_ticks(fd, 1);
}

static int timerfd_plan(struct restore *restore, struct object *object)
{
	const Cr__Timerfd *entry = entry_of(object);
	uint32_t id = object->image->id;
	bool *is_probed = restore->fd_kind_states[FD_KIND_timerfd];

	if (timerfd_is_alarm(entry) && !kernel_features_has_cap(&restore->features, CAP_WAKE_ALARM))
		blockers_add(&restore->blockers,
			     "open file %u is a timerfd that wakes the host from sleep, which takes "
			     "CAP_WAKE_ALARM",
			     id);
	if (entry->ticks == 0 || is_probed)
		return 0;
	restore->fd_kind_states[FD_KIND_timerfd] = is_probed = calloc(1, sizeof(*is_probed));
	if (!is_probed)
		return log_error_errno(-ENOMEM, "cannot plan open file %u", id);
	if (probe_ticks() < 0)
		blockers_add(
			&restore->blockers,
			"open file %u is a timerfd that has expired, which cannot be restored on a kernel "
			"without CONFIG_CHECKPOINT_RESTORE",
			id);
	return 0;
}

/* Disarmed for now: its time is to begin when all is ready. */
static int timerfd_open(struct restore *restore maybe_unused, const struct object *object, int *ret_fd)
{
	int fd = timerfd_create(entry_of(object)->clock, TFD_CLOEXEC);

	if (fd < 0)
		return log_error_errno(-errno, "cannot make a timerfd");
	*ret_fd = fd;
	return 0;
}

static struct timespec timespec_of(int64_t ns)
{
	return (struct timespec){.tv_sec = ns / NS_PER_SECOND, .tv_nsec = ns % NS_PER_SECOND};
}

/* The clocks that wake the host can be read only where it has a clock for that. */
static int64_t clock_ns(int32_t clock)
{
	struct timespec now = {0};

	clock_gettime(clock == CLOCK_REALTIME_ALARM   ? CLOCK_REALTIME
		      : clock == CLOCK_BOOTTIME_ALARM ? CLOCK_BOOTTIME
						      : clock,
		      &now);
	return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

/* What is yet to come of a timer set to a time of day, and the expirations that the program has missed. */
static void catch_up(int64_t *deadline_ns, int64_t interval_ns, int64_t now_ns, uint64_t *ticks)
{
	int64_t missed = 0;

	if (*deadline_ns > now_ns)
		return;
	if (interval_ns > 0) {
		missed = (now_ns - *deadline_ns) / interval_ns;
		*deadline_ns += missed * interval_ns;
		*deadline_ns += MIN(interval_ns, INT64_MAX - *deadline_ns);
	} else {
		*deadline_ns = 0;
	}
	*ticks += (uint64_t)missed + 1;
}

/* It keeps the flags even if it is disarmed, and an interval. */
static int arm(const Cr__Timerfd *entry, int fd)
{
	struct itimerspec spec = {.it_interval = timespec_of(entry->interval_ns)};
	int64_t value_ns = entry->value_ns, now_ns = clock_ns(entry->clock);
	uint64_t ticks = entry->ticks;

	if (timerfd_has_deadline(entry)) {
		value_ns = entry->deadline_ns;
		catch_up(&value_ns, entry->interval_ns, now_ns, &ticks);
	} else if (value_ns > 0 && entry->flags & TFD_TIMER_ABSTIME) {
		value_ns += MIN(now_ns, INT64_MAX - value_ns);
	}
	spec.it_value = timespec_of(value_ns);
	/* ECANCELED: the clock was set since it was made, but it is armed. */
	if (timerfd_settime(fd, (int)entry->flags, &spec, NULL) < 0 && errno != ECANCELED)
		return log_error_errno(-errno, "cannot arm a timerfd");
	if (ticks > 0) {
		int r = set_ticks(fd, ticks);

		if (r < 0)
			return log_error_errno(r, "cannot set the expirations of a timerfd");
	}
	return 0;
}

static int timerfd_finish(struct restore *restore)
{
	for (size_t i = 0; i < restore->objects_count; i++) {
		struct object *object = &restore->objects[i];
		cleanup_close int fd = -EBADF;
		int r;

		if (object->kind->open != timerfd_open)
			continue;
		LOG_SCOPE("open file %u", object->image->id);
		r = object_take(restore, object, &fd);
		if (r == 0)
			r = arm(entry_of(object), fd);
		if (r < 0)
			return r;
	}
	return 0;
}

static void timerfd_kind_done(struct restore *restore)
{
	free(restore->fd_kind_states[FD_KIND_timerfd]);
}

const struct fd_restorer timerfd_fd_restorer = {
	.name = "timerfd",
	.read = timerfd_read_entry,
	.plan = timerfd_plan,
	.open = timerfd_open,
	.finish = timerfd_finish,
	.kind_done = timerfd_kind_done,
};
