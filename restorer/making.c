/* SPDX-License-Identifier: MIT */
/* Carries the plan of the tree out. */
#include "restorer/making.h"

#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "restorer/cgroups.h"
#include "restorer/fd/terminals.h"
#include "restorer/memory.h"
#include "restorer/plan.h"
#include "restorer/preflight.h"
#include "restorer/tree.h"

/* Ids that are tried for a process that is there for a moment only. */
#define PASSING_IDS_MAX 10000

/* Such a task would get its signal when cr-restore exits, were it not the reaper's child from the start. */
static bool has_parent_death_signal(const struct task *task)
{
	for (size_t i = 0; i < task->image->n_threads; i++)
		if (task->image->threads[i]->parent_death_signal != 0)
			return true;
	return false;
}

/* Of a task or, behind these, a stand-in. */
static struct puppet *find_puppet(const struct restore *restore, size_t place)
{
	return place < restore->tasks_count ? task_puppet(&restore->tasks[place])
					    : &restore->stand_ins[place - restore->tasks_count].puppet;
}

static pid_t find_pid(const struct restore *restore, size_t place)
{
	return place < restore->tasks_count ? restore->tasks[place].image->pid
					    : restore->stand_ins[place - restore->tasks_count].pid;
}

/* Adds a clone3(2) to the batch that has been begun. */
static void add_clone(struct batch *batch, pid_t pid, uint64_t flags, int exit_signal, bool must_succeed)
{
	pid_t set_tid[] = {pid};
	struct clone_args args = {
		.flags = flags,
		/* A sibling's is that of its maker. */
		.exit_signal = flags & CLONE_PARENT ? 0 : (uint64_t)exit_signal,
		.set_tid = batch_data(batch, set_tid, sizeof(set_tid)),
		.set_tid_size = ARRAY_SIZE(set_tid),
	};
	uint64_t address = batch_data(batch, &args, sizeof(args));

	if (must_succeed)
		batch_call(batch, SYS_clone3, address, sizeof(args));
	else
		batch_try(batch, SYS_clone3, address, sizeof(args));
}

static int make_process(struct puppet *puppet, struct puppet *maker, pid_t pid, uint64_t flags,
			int exit_signal)
{
	int r;

	add_clone(puppet_batch(maker), pid, flags, exit_signal, true);
	r = puppet_run(maker, "making a process");
	if (r < 0)
		return r;
	r = puppet_adopt_process(puppet, maker, pid);
	return r < 0 ? log_error_errno(r, "cannot take over the new process %d", pid) : 0;
}

/* The first puppet, from which all others come. */
static int make_first(struct restore *restore, struct puppet *puppet, pid_t pid, int cgroup_fd)
{
	struct remote_address home;
	int r = memory_find_home(restore, &restore->own_vmas, &home);

	if (r < 0)
		return log_error_errno(r, "cannot find free address space");
	r = puppet_create(puppet, pid, home,
			  restore->options->is_detached && has_parent_death_signal(&restore->tasks[0]),
			  cgroup_fd);
	return r < 0 ? log_error_errno(r, "cannot make a process with pid %d", pid) : 0;
}

static uint64_t shared_flags(const struct restore *restore, size_t who, size_t maker)
{
	static const uint64_t shared[SHARED_COUNT] = {
		[SHARED_MEMORY] = CLONE_VM,
		[SHARED_FILES] = CLONE_FILES,
		[SHARED_FS] = CLONE_FS,
		[SHARED_HANDLERS] = CLONE_SIGHAND,
	};
	uint64_t flags = 0;

	if (who >= restore->tasks_count || maker >= restore->tasks_count ||
	    restore->tasks[who].image->zombie || restore->tasks[maker].image->zombie)
		return 0;
	for (size_t i = 0; i < SHARED_COUNT; i++)
		if (restore->tasks[who].owners[i] == restore->tasks[maker].owners[i])
			flags |= shared[i];
	return flags;
}

/* Whoever makes a child as one of its thread PARENT_TID. All its threads are made for that, to keep their
 * order. */
static int find_maker(struct restore *restore, size_t maker, pid_t parent_tid, struct puppet **ret_puppet)
{
	struct task *task = maker < restore->tasks_count ? &restore->tasks[maker] : NULL;
	struct thread *thread = task && !task->image->zombie ? plan_parent_thread(task, parent_tid) : NULL;
	int r;

	*ret_puppet = find_puppet(restore, maker);
	if (!thread || thread == &task->threads[0])
		return 0;
	r = tree_create_threads(restore, task);
	*ret_puppet = &thread->puppet;
	return r;
}

/* The set that the puppet MAKER is in, a thread of the task, or the stand-in, of that place. */
static uint32_t maker_cgroups(const struct restore *restore, size_t place, const struct puppet *maker)
{
	const struct task *task;

	if (place >= restore->tasks_count)
		return restore->stand_ins[place - restore->tasks_count].cgroup_set;
	task = &restore->tasks[place];
	for (size_t i = 1; i < task->threads_count; i++)
		if (&task->threads[i].puppet == maker)
			return task->threads[i].image->cgroup_set;
	return task->cgroup_set;
}

/* The cgroup v2 in which it is to be made, -EBADF: that of cr-restore. */
static int unified_cgroup(struct restore *restore, size_t place)
{
	return place >= restore->tasks_count || restore->tasks[place].image->zombie
		       ? -EBADF
		       : cgroups_unified_directory(restore,
						   restore->tasks[place].image->threads[0]->cgroup_set);
}

/* Of a process that has just been made, and is in the groups of its maker, or in v2 already its own. Where it
 * is of no interest, for it does not stay, it stays there. */
static int join_cgroups(struct restore *restore, size_t place, uint32_t from, bool is_in_unified)
{
	struct task *task;

	if (place >= restore->tasks_count) {
		restore->stand_ins[place - restore->tasks_count].cgroup_set = from;
		return 0;
	}
	task = &restore->tasks[place];
	task->cgroup_set = task->image->zombie ? from : task->image->threads[0]->cgroup_set;
	return cgroups_move_process(restore, task->image->pid, from, task->cgroup_set, is_in_unified);
}

static int make(struct restore *restore, const struct tree_step *step)
{
	bool is_sibling = step->kind == TREE_MAKE_SIBLING, is_task = step->who < restore->tasks_count;
	const Cr__Process *image = is_task ? restore->tasks[step->who].image : NULL;
	const struct tree_stand_in *stand_in =
		is_task ? NULL : &restore->tree_plan.stand_ins[step->who - restore->tasks_count];
	struct puppet *puppet = find_puppet(restore, step->who), *maker;
	pid_t pid = find_pid(restore, step->who);
	int r;

	if (step->maker == TREE_OUTSIDE) {
		r = make_first(restore, puppet, pid, unified_cgroup(restore, step->who));
		if (r == 0)
			r = join_cgroups(restore, step->who, 0, puppet->is_in_cgroup);
		return r < 0 ? r : memory_empty(puppet, &restore->own_vmas);
	}
	r = find_maker(restore, step->maker,
		       is_sibling ? 0
		       : is_task  ? image->parent_tid
				  : stand_in->parent_tid,
		       &maker);
	if (r < 0)
		return r;
	r = make_process(puppet, maker, pid,
			 shared_flags(restore, step->who, step->maker) | (is_sibling ? CLONE_PARENT : 0),
			 is_task ? image->exit_signal : stand_in->exit_signal);
	return r < 0 ? r
		     : join_cgroups(restore, step->who, maker_cgroups(restore, step->maker, maker), false);
}

/* A child for a moment, without the id of any that is still to be made. */
static int make_passing(const struct restore *restore, struct puppet *puppet, struct puppet *maker)
{
	pid_t pid = preflight_largest_id(restore);

	for (int i = 0; i < PASSING_IDS_MAX; i++) {
		struct batch *batch = puppet_batch(maker);
		int64_t result;
		int r;

		add_clone(batch, ++pid, 0, 0, false);
		r = puppet_run(maker, "making a process in between");
		if (r < 0)
			return r;
		result = batch_result(batch, 0);
		if (result == pid)
			return puppet_adopt_process(puppet, maker, pid);
		if (result == -EINVAL) /* past kernel.pid_max; the low ones are the system's */
			pid = 300;
		else if (result != -EEXIST)
			return (int)result;
		while (plan_has_thread(restore, pid + 1))
			pid++;
	}
	return -EAGAIN;
}

static int set_subreaper(struct puppet *puppet, bool is_one)
{
	batch_call(puppet_batch(puppet), SYS_prctl, PR_SET_CHILD_SUBREAPER, is_one);
	return puppet_run(puppet, "inheriting a process");
}

static int end_passing(struct puppet *passing, struct puppet *maker)
{
	int r;

	batch_call(puppet_batch(passing), SYS_exit_group, 0);
	r = puppet_run_to_end(passing);
	if (r < 0)
		return r;
	batch_call(puppet_batch(maker), SYS_wait4, (uint64_t)passing->tracee.tid, 0, __WALL);
	return puppet_run(maker, "waiting for a process in between");
}

/* None of those between has been made a subreaper yet (task/attributes.c). */
static int make_orphan(struct restore *restore, const struct tree_step *step)
{
	struct task *task = &restore->tasks[step->who];
	struct puppet *maker = find_puppet(restore, step->maker);
	struct puppet passing = {0};
	int r = make_passing(restore, &passing, maker);

	if (r < 0) {
		free(passing.batch);
		return log_error_errno(r, "cannot make a process in between");
	}
	r = make_process(task_puppet(task), &passing, task->image->pid, 0, SIGCHLD);
	if (r == 0)
		r = join_cgroups(restore, step->who, maker_cgroups(restore, step->maker, maker), false);
	if (r == 0)
		r = set_subreaper(task_puppet(task->parent), true);
	if (r == 0)
		r = end_passing(&passing, maker);
	else
		(void)!puppet_kill(&passing);
	free(passing.batch);
	return r < 0 ? r : set_subreaper(task_puppet(task->parent), false);
}

static int lead_session(struct restore *restore, size_t place)
{
	struct puppet *puppet = find_puppet(restore, place);
	int r;

	batch_call(puppet_batch(puppet), SYS_setsid);
	r = puppet_run(puppet, "leading its session");
	if (r < 0 || place >= restore->tasks_count || restore->tasks[place].image->zombie)
		return r;
	return terminals_give(restore, &restore->tasks[place]);
}

static int set_group(struct puppet *puppet, pid_t group)
{
	batch_call(puppet_batch(puppet), SYS_setpgid, 0, (uint64_t)group);
	return puppet_run(puppet, "joining its process group");
}

static int run_step(struct restore *restore, const struct tree_step *step)
{
	LOG_SCOPE("pid %d", (int)find_pid(restore, step->who));
	switch (step->kind) {
	case TREE_MAKE:
	case TREE_MAKE_SIBLING:
		return make(restore, step);
	case TREE_MAKE_ORPHAN:
		return make_orphan(restore, step);
	case TREE_LEAD_SESSION:
		return lead_session(restore, step->who);
	case TREE_LEAD_GROUP:
		return set_group(find_puppet(restore, step->who), 0);
	case TREE_JOIN_GROUP:
		return set_group(find_puppet(restore, step->who), step->group ?: getpgrp());
	}
	return -EINVAL;
}

int making_run_early(struct restore *restore)
{
	const struct tree_plan *plan = &restore->tree_plan;
	int r = 0;

	for (size_t i = 0; r == 0 && i < plan->making_count; i++)
		if (!plan->steps[i].is_late)
			r = run_step(restore, &plan->steps[i]);
	return r;
}

/* The mappings of a maker have been made before its first child, and stay as they are until its last. */
static int read_copied_vmas(struct restore *restore, const struct tree_step *step)
{
	struct copied_vmas *copied = &restore->copied_vmas;
	int r;

	if (copied->is_known && copied->maker == step->maker)
		return 0;
	vma_list_done(&copied->vmas);
	*copied = (struct copied_vmas){.maker = step->maker};
	r = memory_read_vmas(find_pid(restore, step->who), &copied->vmas);
	if (r < 0)
		return log_error_errno(r, "cannot read the mappings of the new process");
	copied->is_known = true;
	return 0;
}

static int build_late(struct restore *restore, const struct tree_step *step)
{
	struct task *task = step->who < restore->tasks_count ? &restore->tasks[step->who] : NULL;
	int r;

	if (!task || step->kind == TREE_LEAD_SESSION || task->image->zombie ||
	    !task_owns(task, SHARED_MEMORY))
		return 0;
	LOG_SCOPE("pid %d", task->image->pid);
	r = read_copied_vmas(restore, step);
	return r < 0 ? r : memory_build(task, &restore->copied_vmas.vmas);
}

/* A step that makes a task behind the one of index UNTIL. */
static bool is_behind(const struct restore *restore, const struct tree_step *step, size_t until)
{
	return step->kind != TREE_LEAD_SESSION && step->who < restore->tasks_count && step->who > until;
}

int making_run_late(struct restore *restore, size_t until)
{
	const struct tree_plan *plan = &restore->tree_plan;
	int r = 0;

	for (; r == 0 && restore->steps_done_count < plan->making_count; restore->steps_done_count++) {
		const struct tree_step *step = &plan->steps[restore->steps_done_count];

		if (is_behind(restore, step, until))
			break;
		if (!step->is_late)
			continue;
		r = run_step(restore, step);
		if (r == 0)
			r = build_late(restore, step);
	}
	return r;
}

int making_run_groups(struct restore *restore)
{
	const struct tree_plan *plan = &restore->tree_plan;
	int r = 0;

	for (size_t i = plan->making_count; r == 0 && i < plan->steps_count; i++)
		r = run_step(restore, &plan->steps[i]);
	return r;
}

int making_end_stand_ins(struct restore *restore)
{
	for (size_t i = 0; i < restore->stand_ins_count; i++) {
		struct stand_in *stand_in = &restore->stand_ins[i];
		size_t parent = restore->tree_plan.stand_ins[i].parent;
		int r = puppet_kill(&stand_in->puppet);

		if (r < 0)
			return log_error_errno(r, "cannot end the stand-in for process %d", stand_in->pid);
		if (parent == TREE_OUTSIDE)
			continue;
		batch_call(puppet_batch(find_puppet(restore, parent)), SYS_wait4, (uint64_t)stand_in->pid, 0,
			   __WALL);
		r = puppet_run(find_puppet(restore, parent), "waiting for a stand-in");
		if (r < 0)
			return r;
	}
	return 0;
}
