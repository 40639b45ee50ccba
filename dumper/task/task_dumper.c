/* SPDX-License-Identifier: MIT */
/* Runs all aspects over a frozen process: first from outside, then inside of each thread. */
#include "dumper/task/task_dumper.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "dumper/task/thread_status.h"

/* The C library keeps the first ones to itself. */
#define SIGRTMIN_KERNEL 32

/* In the order of execution. The last two take what room in a batch the others have left. */
static const struct task_dumper *const task_dumpers[] = {
	&registers_task_dumper, /* first: those of the moment of the freeze */
	&memory_task_dumper,        &credentials_task_dumper,
	&signals_task_dumper,       &timers_task_dumper,
	&limits_task_dumper,        &scheduling_task_dumper,
	&attributes_task_dumper,    &login_task_dumper,
	&cgroup_task_dumper,        &unsupported_task_dumper,
	&landlock_task_dumper,      &autogroup_task_dumper,
	&rings_task_dumper,         &xsave_permission_task_dumper,
	&keyrings_task_dumper,      &children_task_dumper,
	&memory_policy_task_dumper, &descriptors_task_dumper,
};

/* What it takes to ask the threads of a process. */
struct asking {
	struct borrow_place place;
	struct batch *batch;
	int quiet_signal; /* see borrow_begin() */
};

static void asking_done(struct asking *asking)
{
	borrow_place_done(&asking->place);
	free(asking->batch);
}

/* The messages that the aspects fill. */
static int images_make(struct dump *dump, struct process *process)
{
	Cr__Process *image = arena_new(&dump->arena, Cr__Process);
	Cr__Thread *threads = arena_array(&dump->arena, Cr__Thread, process->threads_count);
	Cr__Thread **list = arena_array(&dump->arena, Cr__Thread *, process->threads_count);

	if (!image || !threads || !list)
		return log_error_errno(-ENOMEM, "cannot describe it");
	cr__process__init(image);
	image->threads = list;
	image->n_threads = process->threads_count;
	process->image = image;
	for (size_t i = 0; i < process->threads_count; i++) {
		cr__thread__init(&threads[i]);
		threads[i].tid = process->threads[i].tracee.tid;
		process->threads[i].image = list[i] = &threads[i];
	}
	return 0;
}

static int collect_thread(struct dump *dump, struct process *process, struct thread *thread)
{
	for (size_t i = 0; i < ARRAY_SIZE(task_dumpers); i++) {
		const struct task_dumper *dumper = task_dumpers[i];
		int r;

		if (!dumper->collect_thread || (dumper->is_leader_only && thread != &process->threads[0]))
			continue;
		r = dumper->collect_thread(dump, process, thread);
		if (r < 0)
			return r;
	}
	return 0;
}

int task_dumpers_collect(struct dump *dump, struct process *process)
{
	int r = images_make(dump, process);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(task_dumpers); i++) {
		r = task_dumpers[i]->collect_process ? task_dumpers[i]->collect_process(dump, process) : 0;
		if (r < 0)
			return r;
	}
	r = collect_thread(dump, process, &process->threads[0]);
	if (r < 0)
		return r;
	for (size_t i = 1; i < process->threads_count; i++) {
		LOG_SCOPE("thread %d", process->threads[i].tracee.tid);

		r = collect_thread(dump, process, &process->threads[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Each aspect that asks THREAD anything, with its questions, in turn: ASK tells whether to ask or to read.
 * Where IS_MORE those only that have more to ask. */
static int converse(struct dump *dump, struct process *process, struct thread *thread, struct batch *batch,
		    struct questions questions[], bool ask, bool is_more)
{
	for (size_t i = 0; i < ARRAY_SIZE(task_dumpers); i++) {
		const struct task_dumper *dumper = task_dumpers[i];
		int r = 0;

		if ((dumper->is_leader_only && thread != &process->threads[0]) ||
		    (is_more && questions[i].count == 0 && !questions[i].has_more))
			continue;
		if (ask && dumper->ask)
			r = dumper->ask(dump, process, thread, batch, &questions[i]);
		else if (!ask && dumper->answer)
			r = dumper->answer(dump, process, thread, batch, &questions[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Returns 1 when a blocker says why the task cannot be asked anything. */
static int explain_begin(struct dump *dump, int error)
{
	if (error == -ENOMEM) {
		blockers_add(&dump->blockers,
			     "the task may not map %d KiB more: raise its RLIMIT_AS, RLIMIT_DATA or "
			     "RLIMIT_MEMLOCK, "
			     "or give cr-dump CAP_SYS_RESOURCE to do so for a moment",
			     EXECUTOR_REGION_SIZE / 1024);
		return 1;
	}
	return log_error_errno(error, "cannot run code in it");
}

static bool has_more(const struct thread *thread, const struct questions questions[])
{
	for (size_t i = 0; i < ARRAY_SIZE(task_dumpers); i++)
		if (questions[i].has_more)
			return true;
	return thread->has_more_questions;
}

static int ask_borrowed(struct dump *dump, struct process *process, struct thread *thread,
			struct borrow *borrow, struct batch *batch)
{
	struct questions questions[ARRAY_SIZE(task_dumpers)] = {0};
	unsigned failed;
	int r = 0;

	for (bool is_more = false; r == 0 && (!is_more || has_more(thread, questions)); is_more = true) {
		batch_reset(batch, borrow->region);
		r = converse(dump, process, thread, batch, questions, true, is_more);
		if (r < 0)
			return r;
		r = borrow_run(borrow, batch, &failed);
		if (r == -ENOMEM)
			return explain_begin(dump, r);
		if (r < 0)
			return log_error_errno(r, "cannot run system calls in it");
		r = converse(dump, process, thread, batch, questions, false, is_more);
	}
	return r;
}

static uint64_t bit(int signal)
{
	return UINT64_C(1) << (signal - 1);
}

/*
 * A signal by which its threads can stop without anything being done to SIGTRAP: its process ignores it, and
 * it is not pending, for unless MAY_BE_BLOCKED no thread has it blocked. 0: there is none. Not one of job
 * control, which do more than their action tells.
 */
static int find_quiet_signal(const struct process *process, bool may_be_blocked)
{
	static const int ignored_by_default[] = {SIGURG, SIGWINCH, SIGCHLD};
	const uint64_t never = bit(SIGCONT) | bit(SIGTSTP) | bit(SIGTTIN) | bit(SIGTTOU) | bit(SIGTRAP);
	uint64_t usable = process->status.ignored & ~never & (bit(SIGRTMIN_KERNEL) - 1);

	if (process->is_stopped)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(ignored_by_default); i++)
		usable |= bit(ignored_by_default[i]) & ~process->status.caught;
	for (size_t i = 0; i < process->threads_count; i++) {
		const struct status *status = thread_status(process, &process->threads[i]);

		if (!status)
			return 0;
		usable &= ~(may_be_blocked ? status->pending | status->shared_pending
					   : status->blocked | process->threads[i].image->signal_mask);
	}
	for (size_t i = 0; i < ARRAY_SIZE(ignored_by_default); i++)
		if (usable & bit(ignored_by_default[i]))
			return ignored_by_default[i];
	return usable == 0 ? 0 : __builtin_ctzll(usable) + 1;
}

static bool has_filters(const struct process *process, struct thread *thread)
{
	const struct status *status = thread_status(process, thread);

	return !status || status->seccomp_mode != 0;
}

static bool has_pending_trap(const struct process *process, struct thread *thread)
{
	const struct status *status = thread_status(process, thread);

	return !status || ((status->pending | status->shared_pending) & bit(SIGTRAP));
}

static int ask_thread(struct dump *dump, struct process *process, struct thread *thread,
		      struct asking *asking)
{
	cleanup_(borrow_endp) struct borrow borrow = BORROW_EMPTY;
	int quiet_signal = asking->quiet_signal;
	int r;

	if (has_filters(process, thread))
		quiet_signal = 0;
	else if (quiet_signal == 0 && has_pending_trap(process, thread))
		quiet_signal = find_quiet_signal(process, true);
	/* By a SIGTRAP it would stop, and take the pending one for that. */
	if (quiet_signal == 0 && has_pending_trap(process, thread)) {
		blockers_add(&dump->blockers,
			     "has a SIGTRAP pending, and %s: try again when that signal has been delivered",
			     has_filters(process, thread) ? "has seccomp filters"
			     : process->is_stopped        ? "is stopped"
							  : "handles all signals that could take its place");
		return 1;
	}
	r = borrow_begin(&borrow, &asking->place, &thread->tracee, quiet_signal);
	if (r < 0)
		return explain_begin(dump, r);
	r = ask_borrowed(dump, process, thread, &borrow, asking->batch);
	if (r != 0)
		return r;
	r = borrow_end(&borrow);
	return r < 0 ? log_error_errno(r, "cannot give it back its registers") : 0;
}

/* Returns 1 when a blocker says why there is no place. */
static int find_place(struct dump *dump, struct process *process, struct borrow_place *place)
{
	int r = borrow_place_find(place, process->proc_fd, &process->vmas);

	process->executor_page = place->blob.value & ~(PAGE_SIZE_BYTES - 1);
	if (r == -ENOSPC) {
		blockers_add(&dump->blockers,
			     "has no vdso with room for the code that asks it, nor has any of its programs "
			     "and libraries between the end of its code and that of the page: another "
			     "kernel, or another cr-dump, may help");
		return 1;
	}
	return r < 0 ? log_error_errno(r, "cannot find a place in its memory") : 0;
}

int task_dumpers_ask(struct dump *dump, struct process *process)
{
	cleanup_(asking_done) struct asking asking = {.place.mem_fd = -EBADF};
	int r;

	asking.batch = batch_new(EXECUTOR_REGION_SIZE);
	if (!asking.batch)
		return log_error_errno(-ENOMEM, "cannot ask it anything");
	r = find_place(dump, process, &asking.place);
	if (r != 0)
		return MIN(r, 0);
	asking.quiet_signal = find_quiet_signal(process, false);
	r = ask_thread(dump, process, &process->threads[0], &asking);
	for (size_t i = 1; r == 0 && i < process->threads_count; i++) {
		LOG_SCOPE("thread %d", process->threads[i].tracee.tid);

		r = ask_thread(dump, process, &process->threads[i], &asking);
	}
	return MIN(r, 0);
}
