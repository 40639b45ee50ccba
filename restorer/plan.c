/* SPDX-License-Identifier: MIT */
/* Who makes which process, and when. */
#include "restorer/plan.h"

#include <errno.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/vector.h"
#include "format/task/memory_twin.h"
#include "restorer/inherit.h"

#define bad_tree(...) (log_error("bad archive: " __VA_ARGS__), -EBADMSG)

struct task *plan_find_task(const struct restore *restore, pid_t pid)
{
	uint64_t index;

	return id_map_get(&restore->tasks_by_pid, (uint64_t)pid, &index) ? &restore->tasks[index] : NULL;
}

static int add_id(struct restore *restore, pid_t id)
{
	if (plan_has_thread(restore, id))
		return bad_tree("id %d is there twice", id);
	return id_map_set(&restore->thread_ids, (uint64_t)id, 1);
}

/* Threads are in no order. */
static struct thread *find_thread(struct task *task, pid_t tid)
{
	for (size_t i = 0; i < task->threads_count; i++)
		if (task->threads[i].image->tid == tid)
			return &task->threads[i];
	return NULL;
}

struct thread *plan_parent_thread(struct task *parent, pid_t tid)
{
	return tid == 0 || tid == parent->image->pid ? &parent->threads[0] : find_thread(parent, tid);
}

static int link_task(struct restore *restore, size_t index)
{
	struct task *task = &restore->tasks[index];
	const Cr__Process *image = task->image;
	int r;

	task->parent = index > 0 ? plan_find_task(restore, image->ppid) : NULL;
	if (index > 0 && (!task->parent || task->parent >= task || task->parent->image->zombie))
		return bad_tree("process %d has no living parent before it", image->pid);
	if (image->parent_tid != 0 && !(task->parent && find_thread(task->parent, image->parent_tid)))
		return bad_tree("process %d is the child of thread %d, which is none of its parent",
				image->pid, image->parent_tid);
	if (task->parent)
		task->parent->has_children = true;
	if (task->parent && image->exit_signal > 0)
		task->parent->child_signals |= UINT64_C(1) << (image->exit_signal - 1);
	if (task->parent && image->is_stop_reported)
		task->parent->has_stopped_child = true;
	r = add_id(restore, image->pid);
	for (size_t j = 1; r == 0 && j < image->n_threads; j++)
		r = add_id(restore, image->threads[j]->tid);
	return r;
}

/* Processes by id, each with its parent before it. */
static int link_tasks(struct restore *restore)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < restore->tasks_count; i++)
		r = link_task(restore, i);
	return r == -ENOMEM ? log_error_errno(r, "cannot plan the restore") : r;
}

static void fill_node(const struct restore *restore, size_t index, struct tree_node *node)
{
	const struct task *task = &restore->tasks[index];
	const Cr__Process *image = task->image;

	*node = (struct tree_node){
		.pid = image->pid,
		.ppid = image->ppid,
		.pgid = image->pgid,
		.sid = image->sid,
		.parent_tid = image->parent_tid ?: image->ppid,
		.exit_signal = image->exit_signal,
		.is_late = inherit_needs_parent(task),
	};
	for (size_t i = 0; i < TREE_SHARED_KINDS; i++)
		node->owners[i] = image->zombie ? index : (size_t)(task->owners[i] - restore->tasks);
}

static int make_plan(struct restore *restore)
{
	cleanup_free struct tree_node *nodes = calloc(restore->tasks_count, sizeof(*nodes));
	int r;

	_Static_assert(TREE_SHARED_KINDS == (int)SHARED_COUNT, "what processes can share");
	if (!nodes)
		return log_error_errno(-ENOMEM, "cannot plan the restore");
	for (size_t i = 0; i < restore->tasks_count; i++)
		fill_node(restore, i, &nodes[i]);
	r = tree_plan_make(&restore->tree_plan, nodes, restore->tasks_count, restore->manifest->is_shell_job);
	return r == -EBADMSG ? bad_tree("its processes are no tree")
	       : r < 0       ? log_error_errno(r, "cannot plan the restore")
			     : 0;
}

static void report_refusals(struct restore *restore)
{
	const struct tree_plan *plan = &restore->tree_plan;

	for (size_t i = 0; i < plan->refusals_count; i++) {
		char text[TREE_REFUSAL_SIZE];

		LOG_SCOPE("pid %d", restore->tasks[plan->refusals[i].node].image->pid);
		blockers_add(&restore->blockers, "%s", tree_refusal_text(&plan->refusals[i], text));
	}
}

/* Whoever is late is made when the contents of those before it are there: so the order must be the plan's. */
static int note_makers(struct restore *restore)
{
	const struct tree_plan *plan = &restore->tree_plan;
	size_t next = 0;

	for (size_t i = 0; i < plan->making_count; i++) {
		const struct tree_step *step = &plan->steps[i];
		struct task *task;

		if (step->kind != TREE_LEAD_SESSION && step->maker < restore->tasks_count)
			restore->tasks[step->maker].has_children = true;
		if (step->kind == TREE_LEAD_SESSION || step->who >= restore->tasks_count)
			continue;
		task = &restore->tasks[step->who];
		if (step->who != next++)
			return bad_tree("process %d is not where it can be made", task->image->pid);
		task->is_late = step->is_late;
		task->is_made_by_parent = step->kind == TREE_MAKE && task->parent &&
					  step->maker == (size_t)(task->parent - restore->tasks);
	}
	return 0;
}

/* What it has in common with its parent can be so. */
static int check_parent_pages(const struct task *task)
{
	if (!inherit_needs_parent(task))
		return 0;
	if (!task->parent)
		return bad_tree("process %d has pages of a parent that is not there", task->image->pid);
	return memory_check_twins(task->parent->memory, task->memory);
}

static int check_pages(const struct restore *restore)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < restore->tasks_count; i++) {
		LOG_SCOPE("pid %d", restore->tasks[i].image->pid);
		r = check_parent_pages(&restore->tasks[i]);
	}
	return r;
}

/* A thread cannot have the id of one that others need. */
static int add_stand_ins(struct restore *restore)
{
	const struct tree_plan *plan = &restore->tree_plan;

	for (size_t i = 0; i < plan->stand_ins_count; i++) {
		pid_t pid = plan->stand_ins[i].pid;
		struct stand_in *slot = vector_append(restore, stand_ins);

		if (!slot)
			return log_error_errno(-ENOMEM, "cannot plan the restore");
		if (plan_has_thread(restore, pid))
			return bad_tree("thread %d has the id of a session or process group", pid);
		slot->pid = pid;
		if (plan->stand_ins[i].parent < restore->tasks_count)
			restore->tasks[plan->stand_ins[i].parent].has_children = true;
	}
	return 0;
}

int plan_tree(struct restore *restore)
{
	int r = link_tasks(restore);

	if (r == 0)
		r = check_pages(restore);
	if (r == 0)
		r = make_plan(restore);
	if (r < 0)
		return r;
	report_refusals(restore);
	if (restore->tree_plan.refusals_count > 0)
		return 0;
	r = note_makers(restore);
	return r < 0 ? r : add_stand_ins(restore);
}

void plan_done(struct restore *restore)
{
	for (size_t i = 0; i < restore->stand_ins_count; i++)
		free(restore->stand_ins[i].puppet.batch);
	free(restore->stand_ins);
	tree_plan_done(&restore->tree_plan);
	id_map_done(&restore->tasks_by_pid);
	id_map_done(&restore->thread_ids);
}

bool plan_has_thread(const struct restore *restore, pid_t tid)
{
	return id_map_get(&restore->thread_ids, (uint64_t)tid, NULL);
}
