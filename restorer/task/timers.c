/* SPDX-License-Identifier: MIT */
/* Interval timers and POSIX timers. */
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

#include "common/cleanup.h"
#include "restorer/task/bad_image.h"
#include "restorer/task/task_restorer.h"

/* Linux 6.15; many systems' headers are older. */
#define TIMER_CREATE_RESTORE_IDS 77

#define INTERVAL_TIMERS_COUNT 3
#define POSIX_TIMERS_MAX 65536
/* An older kernel counts ids up with every timer created: so many are created to come to one id. */
#define COUNTED_ID_MAX 1000
#define SIGNALS_COUNT 64

static int compare_ids(const void *left, const void *right)
{
	int a = (*(Cr__PosixTimer *const *)left)->id, b = (*(Cr__PosixTimer *const *)right)->id;

	return (a > b) - (a < b);
}

/* The timers by id, *RET_TIMERS for the caller to free; NULL if there are none. */
static int timers_sorted(const Cr__Process *image, Cr__PosixTimer ***ret_timers)
{
	size_t size = image->n_posix_timers * sizeof(*image->posix_timers);
	Cr__PosixTimer **timers = NULL;

	if (size > 0) {
		timers = malloc(size);
		if (!timers)
			return log_error_errno(-ENOMEM, "cannot sort its POSIX timers");
		memcpy(timers, image->posix_timers, size);
		qsort(timers, image->n_posix_timers, sizeof(*timers), compare_ids);
	}
	*ret_timers = timers;
	return 0;
}

static bool has_thread(const Cr__Process *image, int tid)
{
	for (size_t i = 0; i < image->n_threads; i++)
		if (image->threads[i]->tid == tid)
			return true;
	return false;
}

static int timer_check(const Cr__Process *image, const Cr__PosixTimer *timer)
{
	int notify = timer->notify & ~SIGEV_THREAD_ID;
	bool has_target = timer->notify & SIGEV_THREAD_ID;

	if (timer->id < 0 || timer->interval_ns < 0 || timer->value_ns < 0)
		return bad_image("POSIX timer %d expires in %lld ns, then every %lld", timer->id,
				 (long long)timer->value_ns, (long long)timer->interval_ns);
	if (notify != SIGEV_SIGNAL && notify != SIGEV_NONE && notify != SIGEV_THREAD)
		return bad_image("POSIX timer %d has notification %d", timer->id, timer->notify);
	if (notify != SIGEV_NONE && (timer->signal < 1 || timer->signal > SIGNALS_COUNT))
		return bad_image("POSIX timer %d has signal %d", timer->id, timer->signal);
	if (has_target && !has_thread(image, timer->target_tid))
		return bad_image("POSIX timer %d signals %d, which is no thread of the process", timer->id,
				 timer->target_tid);
	return 0;
}

/* They are created after the credentials have been set, to be counted among those of the right user. */
static void alarm_check(struct restore *restore, const Cr__Process *image, const Cr__PosixTimer *timer)
{
	const Cr__Credentials *credentials = image->threads[0]->credentials;

	if (timer->clock_id != CLOCK_REALTIME_ALARM && timer->clock_id != CLOCK_BOOTTIME_ALARM)
		return;
	if (credentials && !(credentials->cap_effective >> CAP_WAKE_ALARM & 1))
		blockers_add(&restore->blockers,
			     "POSIX timer %d wakes the host from sleep, for which the process has no right "
			     "(CAP_WAKE_ALARM) "
			     "any more",
			     timer->id);
}

static int posix_timers_check(struct restore *restore, const Cr__Process *image)
{
	cleanup_free Cr__PosixTimer **timers = NULL;
	int r;

	if (image->n_posix_timers > POSIX_TIMERS_MAX)
		return bad_image("there are %zu POSIX timers", image->n_posix_timers);
	r = timers_sorted(image, &timers);
	for (size_t i = 0; r == 0 && i < image->n_posix_timers; i++) {
		if (i > 0 && timers[i]->id == timers[i - 1]->id)
			return bad_image("there are two POSIX timers %d", timers[i]->id);
		r = timer_check(image, timers[i]);
		if (r == 0)
			alarm_check(restore, image, timers[i]);
	}
	if (r < 0 || image->n_posix_timers == 0 || restore->features.has_timer_restore_ids)
		return r;
	if (timers[image->n_posix_timers - 1]->id > COUNTED_ID_MAX)
		blockers_add(&restore->blockers,
			     "POSIX timer %d: this kernel cannot create a timer of a given id (Linux 6.15 "
			     "can), and the number "
			     "is too high to be counted up to",
			     timers[image->n_posix_timers - 1]->id);
	return 0;
}

static int timers_check(struct restore *restore, const struct task *task)
{
	const Cr__Process *image = task->image;

	if (image->n_interval_timers != INTERVAL_TIMERS_COUNT)
		return bad_image("there are %zu interval timers", image->n_interval_timers);
	for (size_t i = 0; i < INTERVAL_TIMERS_COUNT; i++) {
		const Cr__IntervalTimer *timer = image->interval_timers[i];

		if (timer->interval_us < 0 || timer->value_us < 0)
			return bad_image("interval timer %zu expires in %lld us, then every %lld", i,
					 (long long)timer->value_us, (long long)timer->interval_us);
	}
	return posix_timers_check(restore, image);
}

/* sigevent(7) as the kernel reads it. */
static struct sigevent timer_event(const Cr__PosixTimer *timer)
{
	struct sigevent event = {
		.sigev_signo = timer->signal,
		.sigev_notify = timer->notify,
	};

	memcpy(&event.sigev_value, &timer->value, sizeof(event.sigev_value));
	memcpy(&event._sigev_un._tid, &timer->target_tid, sizeof(event._sigev_un._tid));
	return event;
}

static void timer_create_add(struct batch *batch, const Cr__PosixTimer *timer)
{
	struct sigevent event = timer_event(timer);
	int id = timer->id;

	(void)batch_call(batch, SYS_timer_create, (uint64_t)(int64_t)timer->clock_id,
			 batch_data(batch, &event, sizeof(event)), batch_data(batch, &id, sizeof(id)));
}

/* A timer that only counts the id up. */
static void timer_skip_add(struct batch *batch, int id)
{
	const Cr__PosixTimer unused = {.id = id, .clock_id = CLOCK_MONOTONIC, .notify = SIGEV_NONE};

	timer_create_add(batch, &unused);
	(void)batch_call(batch, SYS_timer_delete, (uint64_t)id);
}

/* TIMERS by id. A kernel that did not count as is expected here fails at timer_settime() or timer_delete().
 */
static int timers_create_counted(struct thread *leader, Cr__PosixTimer *const *timers, size_t count,
				 struct batch *batch)
{
	int next = 0;

	for (size_t i = 0; i < count; next++) {
		int r = task_batch_room(leader, 2, 2 * sizeof(struct sigevent), "its state");

		if (r < 0)
			return r;
		if (timers[i]->id == next)
			timer_create_add(batch, timers[i++]);
		else
			timer_skip_add(batch, next);
	}
	return 0;
}

static int timers_create_by_id(struct thread *leader, Cr__PosixTimer *const *timers, size_t count,
			       struct batch *batch)
{
	int r = task_batch_room(leader, 1, 0, "its state");

	if (r < 0 || count == 0)
		return r;
	(void)batch_call(batch, SYS_prctl, TIMER_CREATE_RESTORE_IDS, 1);
	for (size_t i = 0; i < count; i++) {
		r = task_batch_room(leader, 2, 2 * sizeof(struct sigevent), "its state");
		if (r < 0)
			return r;
		timer_create_add(batch, timers[i]);
	}
	(void)batch_call(batch, SYS_prctl, TIMER_CREATE_RESTORE_IDS, 0);
	return 0;
}

static struct timespec timespec_from_ns(int64_t ns)
{
	return (struct timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
}

static struct timeval timeval_from_us(int64_t us)
{
	return (struct timeval){.tv_sec = us / 1000000, .tv_usec = us % 1000000};
}

/* How far the clock of the program is from what it is for us. */
static int64_t clock_shift(const struct restore *restore, int32_t clock)
{
	switch (clock) {
	case CLOCK_MONOTONIC:
		return restore->clock_shift.monotonic_ns;
	case CLOCK_BOOTTIME:
	case CLOCK_BOOTTIME_ALARM:
		return restore->clock_shift.boottime_ns;
	default:
		return 0;
	}
}

/*
 * Sets when TIMER expires next; returns the flags for timer_settime(2). One whose signal waited was last due
 * an interval before: so it expires at once, queues its signal itself, and keeps its rhythm.
 */
static uint64_t timer_value(const struct restore *restore, const Cr__PosixTimer *timer,
			    struct timespec *ret_value)
{
	struct timespec now;
	int64_t due_ns;

	*ret_value = timespec_from_ns(timer->value_ns);
	if (!timer->has_pending_signal)
		return 0;
	*ret_value = timespec_from_ns(1);
	if (timer->clock_id < 0 || timer->clock_id == CLOCK_PROCESS_CPUTIME_ID ||
	    timer->clock_id == CLOCK_THREAD_CPUTIME_ID || timer->interval_ns == 0 ||
	    clock_gettime(timer->clock_id, &now) < 0)
		return 0;
	due_ns = now.tv_sec * INT64_C(1000000000) + now.tv_nsec + clock_shift(restore, timer->clock_id) +
		 timer->value_ns - timer->interval_ns;
	*ret_value = timespec_from_ns(MAX(due_ns, INT64_C(1)));
	return TIMER_ABSTIME;
}

static int timers_arm(const struct restore *restore, struct thread *leader, Cr__PosixTimer *const *timers,
		      size_t count, struct batch *batch)
{
	for (size_t i = 0; i < count; i++) {
		struct itimerspec spec = {
			.it_interval = timespec_from_ns(timers[i]->interval_ns),
		};
		uint64_t flags = timer_value(restore, timers[i], &spec.it_value);
		int r = task_batch_room(leader, 1, sizeof(spec), "its state");

		if (r < 0)
			return r;
		if (timers[i]->value_ns > 0 || timers[i]->has_pending_signal)
			(void)batch_call(batch, SYS_timer_settime, (uint64_t)timers[i]->id, flags,
					 batch_data(batch, &spec, sizeof(spec)), 0);
	}
	return 0;
}

/* The kernel's tick, which is the resolution of its coarse clocks (clock_getres(2)). */
static int64_t tick_us(void)
{
	struct timespec resolution;

	return clock_getres(CLOCK_MONOTONIC_COARSE, &resolution) < 0 ? 0 : resolution.tv_nsec / 1000;
}

static int interval_timers_arm(const Cr__Process *image, struct thread *leader, struct batch *batch)
{
	int r = task_batch_room(leader, INTERVAL_TIMERS_COUNT,
				INTERVAL_TIMERS_COUNT * sizeof(struct itimerval), "its state");

	if (r < 0)
		return r;
	for (uint64_t i = 0; i < INTERVAL_TIMERS_COUNT; i++) {
		const Cr__IntervalTimer *timer = image->interval_timers[i];
		struct itimerval value = {
			.it_interval = timeval_from_us(timer->interval_us),
			.it_value = timeval_from_us(timer->value_us),
		};

		/* It has expired, and the kernel would have wound it up again when its SIGALRM, which is
		 * pending, is taken. */
		if (i == ITIMER_REAL && timer->value_us == 0)
			value.it_value = value.it_interval;
		/* The kernel adds a tick to what is set of a CPU-time timer (setitimer(2), "Timers ... never
		 * expire early"). */
		else if (i != ITIMER_REAL && timer->value_us > 0)
			value.it_value = timeval_from_us(MAX(timer->value_us - tick_us(), INT64_C(1)));
		if (timer->interval_us > 0 || timer->value_us > 0)
			(void)batch_call(batch, SYS_setitimer, i, batch_data(batch, &value, sizeof(value)),
					 0);
	}
	return 0;
}

static int timers_process(struct restore *restore, struct task *task, struct batch *batch)
{
	cleanup_free Cr__PosixTimer **timers = NULL;
	struct thread *leader = &task->threads[0];
	size_t count = task->image->n_posix_timers;
	int r = timers_sorted(task->image, &timers);

	if (r < 0)
		return r;
	r = restore->features.has_timer_restore_ids ? timers_create_by_id(leader, timers, count, batch)
						    : timers_create_counted(leader, timers, count, batch);
	if (r < 0)
		return r;
	r = timers_arm(restore, leader, timers, count, batch);
	if (r < 0)
		return r;
	return interval_timers_arm(task->image, leader, batch);
}

const struct task_restorer timers_task_restorer = {
	.name = "timers",
	.check = timers_check,
	.process = timers_process,
};
