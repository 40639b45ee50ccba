/* SPDX-License-Identifier: MIT */
/* Runs all aspects over a frozen process: first from outside, then inside of each thread. */
#include "dumper/task/task_dumper.h"

#include <fcntl.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/log.h"

/* In the order of execution. */
static const struct task_dumper *const task_dumpers[] = {
	&registers_task_dumper, /* first: those of the moment of the freeze */
	&memory_task_dumper,    &credentials_task_dumper, &signals_task_dumper,    &timers_task_dumper,
	&limits_task_dumper,    &scheduling_task_dumper,  &attributes_task_dumper, &unsupported_task_dumper,
};

static void borrow_place_donep(struct borrow_place *place)
{
	borrow_place_done(place);
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

/* Each aspect that asks THREAD anything, with its questions, in turn: ASK tells whether to ask or to read. */
static int converse(struct dump *dump, struct process *process, struct thread *thread, struct batch *batch,
		    struct questions questions[], bool ask)
{
	for (size_t i = 0; i < ARRAY_SIZE(task_dumpers); i++) {
		const struct task_dumper *dumper = task_dumpers[i];
		int r = 0;

		if (dumper->is_leader_only && thread != &process->threads[0])
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

static int ask_borrowed(struct dump *dump, struct process *process, struct thread *thread,
			struct borrow *borrow, struct batch *batch)
{
	struct questions questions[ARRAY_SIZE(task_dumpers)] = {0};
	unsigned failed;
	int r;

	batch_reset(batch, borrow->region);
	r = converse(dump, process, thread, batch, questions, true);
	if (r < 0)
		return r;
	r = borrow_run(borrow, batch, &failed);
	if (r < 0)
		return log_error_errno(r, "cannot run system calls in it");
	return converse(dump, process, thread, batch, questions, false);
}

/* Returns 1 when a blocker says why the task cannot be asked anything. */
static int ask_thread(struct dump *dump, struct process *process, struct thread *thread,
		      struct borrow_place *place, struct batch *batch)
{
	cleanup_(borrow_endp) struct borrow borrow = BORROW_EMPTY;
	int r = borrow_begin(&borrow, place, &thread->tracee);

	if (r == -ENOMEM) {
		blockers_add(&dump->blockers,
			     "the task may not map %d KiB more: raise its RLIMIT_AS or RLIMIT_MEMLOCK",
			     EXECUTOR_REGION_SIZE / 1024);
		return 1;
	}
	if (r < 0)
		return log_error_errno(r, "cannot run code in it");
	r = ask_borrowed(dump, process, thread, &borrow, batch);
	if (r < 0)
		return r;
	r = borrow_end(&borrow);
	return r < 0 ? log_error_errno(r, "cannot give it back its registers") : 0;
}

const struct vma *task_dumpers_find_vdso(const struct process *process)
{
	for (size_t i = 0; i < process->vmas.vmas_count; i++)
		if (process->vmas.vmas[i].name && strcmp(process->vmas.vmas[i].name, "[vdso]") == 0)
			return &process->vmas.vmas[i];
	return NULL;
}

/* Returns 1 when a blocker says why there is no place. */
static int find_place(struct dump *dump, const struct process *process, struct borrow_place *place)
{
	const struct vma *vdso = task_dumpers_find_vdso(process);
	int mem_fd, r;

	if (!vdso) {
		blockers_add(&dump->blockers, "has no vdso: there is no place in which it could be asked");
		return 1;
	}
	mem_fd = openat(process->proc_fd, "mem", O_RDWR | O_CLOEXEC);
	if (mem_fd < 0)
		return log_error_errno(-errno, "cannot open its memory");
	r = borrow_place_find(place, mem_fd, vdso->start, vdso->end);
	if (r == -ENOSPC) {
		blockers_add(&dump->blockers,
			     "its vdso has no room for the code that asks it: another kernel, or "
			     "another cr-dump, may help");
		return 1;
	}
	return r < 0 ? log_error_errno(r, "cannot find room in its vdso") : 0;
}

int task_dumpers_ask(struct dump *dump, struct process *process)
{
	cleanup_(borrow_place_donep) struct borrow_place place = {.mem_fd = -EBADF};
	cleanup_free struct batch *batch = batch_new(EXECUTOR_REGION_SIZE);
	int r;

	if (!batch)
		return log_error_errno(-ENOMEM, "cannot ask it anything");
	r = find_place(dump, process, &place);
	if (r != 0)
		return MIN(r, 0);
	r = ask_thread(dump, process, &process->threads[0], &place, batch);
	for (size_t i = 1; r == 0 && i < process->threads_count; i++) {
		LOG_SCOPE("thread %d", process->threads[i].tracee.tid);

		r = ask_thread(dump, process, &process->threads[i], &place, batch);
	}
	return MIN(r, 0);
}
