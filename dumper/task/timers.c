/* SPDX-License-Identifier: MIT */
/* The interval timers and POSIX timers of a process. */
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

#include "common/log.h"
#include "common/proc/timers.h"
#include "dumper/task/task_dumper.h"

#define INTERVAL_TIMERS_COUNT 3
#define POSIX_TIMERS_MAX 65536
/* In one batch, beside what the other aspects ask. */
#define BATCH_TIMERS 100
/* The low bits of the id of a CPU-time clock, see CPUCLOCK_PERTHREAD_MASK of the kernel. */
#define CPU_CLOCK_IS_THREAD 4

enum { ADDRESS_INTERVAL_TIMERS, ADDRESS_POSIX_TIMERS };
enum { CALL_FIRST_INTERVAL_TIMER, CALL_FIRST_POSIX_TIMER };

static bool has_thread(const struct process *process, pid_t tid)
{
	for (size_t i = 0; i < process->threads_count; i++)
		if (process->threads[i].tracee.tid == tid)
			return true;
	return false;
}

/* A negative clock id holds a pid (0: the creator) and what is measured of it; clock_getcpuclockid(3). */
static void clock_check(struct dump *dump, const struct process *process, const struct timer_info *timer)
{
	bool is_thread = timer->clock_id & CPU_CLOCK_IS_THREAD;
	pid_t target = ~(timer->clock_id >> 3);

	if (timer->clock_id >= 0)
		return;
	if (target == 0 && is_thread && process->threads_count > 1)
		blockers_add(&dump->blockers,
			     "POSIX timer %d measures the CPU time of the thread that created it; which of "
			     "the %zu "
			     "that is cannot be known",
			     timer->id, process->threads_count);
	else if (target != 0 && !(is_thread ? has_thread(process, target) : target == process->pidref.pid))
		blockers_add(&dump->blockers,
			     "POSIX timer %d measures the CPU time of %s %d, which is not part of it",
			     timer->id, is_thread ? "thread" : "process", target);
}

static int timer_image(struct dump *dump, const struct process *process, const struct timer_info *timer,
		       Cr__PosixTimer *image)
{
	static const int notify[] = {
		[TIMER_NOTIFY_SIGNAL] = SIGEV_SIGNAL,
		[TIMER_NOTIFY_NONE] = SIGEV_NONE,
		[TIMER_NOTIFY_THREAD] = SIGEV_THREAD,
	};

	/* The signal of a timer whose thread has exited goes nowhere: it tells nobody, and can be asked. */
	bool is_for_nobody = timer->is_thread_target && !has_thread(process, timer->target);

	clock_check(dump, process, timer);
	cr__posix_timer__init(image);
	image->id = timer->id;
	image->clock_id = timer->clock_id;
	image->value = timer->value;
	image->signal = timer->signal;
	if (is_for_nobody) {
		image->notify = SIGEV_NONE;
		return 0;
	}
	image->notify = notify[timer->notify] | (timer->is_thread_target ? SIGEV_THREAD_ID : 0);
	image->target_tid = timer->is_thread_target ? timer->target : 0;
	return 0;
}

static int timers_collect_process(struct dump *dump, struct process *process)
{
	cleanup_(timer_list_done) struct timer_list list = {0};
	Cr__PosixTimer *images;
	int r = timer_list_read(process->proc_fd, &list);

	if (r == -ENOENT) /* a kernel without CONFIG_CHECKPOINT_RESTORE */
		blockers_add(&dump->blockers,
			     "has no 'timers' in /proc on this kernel: its POSIX timers are unknown");
	else if (r < 0)
		return log_error_errno(r, "cannot read its POSIX timers");
	if (list.timers_count > POSIX_TIMERS_MAX) {
		blockers_add(&dump->blockers, "has %zu POSIX timers; at most %d can be preserved",
			     list.timers_count, POSIX_TIMERS_MAX);
		return 0;
	}
	if (list.timers_count == 0)
		return 0;
	images = arena_array(&dump->arena, Cr__PosixTimer, list.timers_count);
	process->image->posix_timers = arena_array(&dump->arena, Cr__PosixTimer *, list.timers_count);
	if (!images || !process->image->posix_timers)
		return log_error_errno(-ENOMEM, "cannot keep its POSIX timers");
	for (size_t i = 0; i < list.timers_count; i++) {
		r = timer_image(dump, process, &list.timers[i], &images[i]);
		if (r < 0)
			return r;
		process->image->posix_timers[i] = &images[i];
	}
	process->image->n_posix_timers = list.timers_count;
	return 0;
}

static void interval_timers_ask(struct batch *batch, struct questions *questions)
{
	uint64_t intervals = batch_data(batch, NULL, INTERVAL_TIMERS_COUNT * sizeof(struct itimerval));

	questions->addresses[ADDRESS_INTERVAL_TIMERS] = intervals;
	questions->calls[CALL_FIRST_INTERVAL_TIMER] = batch->call_count;
	for (unsigned i = 0; i < INTERVAL_TIMERS_COUNT; i++)
		(void)batch_try(batch, SYS_getitimer, i, intervals + i * sizeof(struct itimerval));
}

static int timers_ask(struct dump *dump maybe_unused, struct process *process,
		      struct thread *thread maybe_unused, struct batch *batch, struct questions *questions)
{
	size_t count = process->image->n_posix_timers;

	questions->first += questions->count;
	if (questions->first == 0)
		interval_timers_ask(batch, questions);
	questions->count = MIN(count - questions->first, (size_t)BATCH_TIMERS);
	questions->has_more = questions->first + questions->count < count;
	questions->addresses[ADDRESS_POSIX_TIMERS] =
		batch_data(batch, NULL, questions->count * sizeof(struct itimerspec));
	questions->calls[CALL_FIRST_POSIX_TIMER] = batch->call_count;
	for (size_t i = 0; i < questions->count; i++) {
		uint64_t id = (uint64_t)process->image->posix_timers[questions->first + i]->id;

		(void)batch_try(batch, SYS_timer_gettime, id,
				questions->addresses[ADDRESS_POSIX_TIMERS] + i * sizeof(struct itimerspec));
		(void)batch_try(batch, SYS_timer_getoverrun, id);
	}
	return 0;
}

static int64_t timeval_us(struct timeval time)
{
	return time.tv_sec * INT64_C(1000000) + time.tv_usec;
}

static int64_t timespec_ns(struct timespec time)
{
	int64_t ns;

	if (__builtin_mul_overflow(time.tv_sec, INT64_C(1000000000), &ns) ||
	    __builtin_add_overflow(ns, time.tv_nsec, &ns))
		return INT64_MAX;
	return ns;
}

static int interval_timers_answer(struct dump *dump, Cr__Process *process, const struct batch *batch,
				  const struct questions *questions)
{
	struct itimerval values[INTERVAL_TIMERS_COUNT];
	Cr__IntervalTimer *images = arena_array(&dump->arena, Cr__IntervalTimer, INTERVAL_TIMERS_COUNT);
	Cr__IntervalTimer **list = arena_array(&dump->arena, Cr__IntervalTimer *, INTERVAL_TIMERS_COUNT);

	if (!images || !list)
		return log_error_errno(-ENOMEM, "cannot keep its interval timers");
	memcpy(values, batch_data_at(batch, questions->addresses[ADDRESS_INTERVAL_TIMERS]), sizeof(values));
	for (unsigned i = 0; i < INTERVAL_TIMERS_COUNT; i++) {
		int64_t result = batch_result(batch, questions->calls[CALL_FIRST_INTERVAL_TIMER] + i);

		if (result < 0)
			return log_error_errno((int)result, "cannot ask for its interval timer %u", i);
		cr__interval_timer__init(&images[i]);
		images[i].interval_us = timeval_us(values[i].it_interval);
		images[i].value_us = timeval_us(values[i].it_value);
		list[i] = &images[i];
	}
	process->interval_timers = list;
	process->n_interval_timers = INTERVAL_TIMERS_COUNT;
	return 0;
}

/* True if SIGNALS has the signal of TIMER, which is taken out: the timer itself will queue it again. */
static bool take_signal(const Cr__PosixTimer *timer, size_t *count, ProtobufCBinaryData *signals)
{
	for (size_t i = 0; i < *count; i++) {
		siginfo_t info;

		memcpy(&info, signals[i].data, sizeof(info));
		if (info.si_code != SI_TIMER || info.si_signo != timer->signal ||
		    info.si_timerid != timer->id)
			continue;
		memmove(&signals[i], &signals[i + 1], (*count - i - 1) * sizeof(signals[0]));
		(*count)--;
		return true;
	}
	return false;
}

static void find_pending_signal(Cr__Process *process, Cr__PosixTimer *timer)
{
	timer->has_pending_signal = take_signal(timer, &process->n_pending, process->pending);
	for (size_t i = 0; i < process->n_threads && !timer->has_pending_signal; i++)
		timer->has_pending_signal =
			take_signal(timer, &process->threads[i]->n_pending, process->threads[i]->pending);
}

static int timers_answer(struct dump *dump, struct process *process, struct thread *thread maybe_unused,
			 const struct batch *batch, const struct questions *questions)
{
	const unsigned char *specs = batch_data_at(batch, questions->addresses[ADDRESS_POSIX_TIMERS]);
	unsigned call = questions->calls[CALL_FIRST_POSIX_TIMER];

	for (size_t i = 0; i < questions->count; i++) {
		Cr__PosixTimer *image = process->image->posix_timers[questions->first + i];
		int64_t result = batch_result(batch, call++);
		int64_t overrun = batch_result(batch, call++);
		struct itimerspec spec;

		if (result < 0 || overrun < 0)
			return log_error_errno((int)(result < 0 ? result : overrun),
					       "cannot ask for its POSIX timer %d", image->id);
		memcpy(&spec, specs + i * sizeof(spec), sizeof(spec));
		image->interval_ns = timespec_ns(spec.it_interval);
		image->value_ns = timespec_ns(spec.it_value);
		image->overrun = (int32_t)overrun;
		find_pending_signal(process->image, image);
	}
	return questions->first == 0 ? interval_timers_answer(dump, process->image, batch, questions) : 0;
}

const struct task_dumper timers_task_dumper = {
	.name = "timers",
	.is_leader_only = true,
	.collect_process = timers_collect_process,
	.ask = timers_ask,
	.answer = timers_answer,
};
