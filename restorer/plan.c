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

struct planning {
	struct restore *restore;
	struct id_map ids;     /* of processes and threads, to find those that are there twice */
	struct id_map members; /* of each parent and session: the first task, its index in restore->tasks */
	struct id_map leaders; /* stand-ins by id: index in restore->stand_ins */
};

static void planning_done(struct planning *planning)
{
	id_map_done(&planning->ids);
	id_map_done(&planning->members);
	id_map_done(&planning->leaders);
}

struct task *plan_find_task(const struct restore *restore, pid_t pid)
{
	uint64_t index;

	return id_map_get(&restore->tasks_by_pid, (uint64_t)pid, &index) ? &restore->tasks[index] : NULL;
}

static bool leads_session(const struct task *task)
{
	return task->image->sid == task->image->pid;
}

/* The session and group of cr-restore itself, which --shell-job puts in the place of the root's. */
static bool is_outside(const struct restore *restore, pid_t id, pid_t id_of_root)
{
	return restore->manifest->is_shell_job && id == id_of_root && !plan_find_task(restore, id);
}

static uint64_t member_key(const struct planning *planning, const struct task *parent, pid_t session)
{
	uint64_t number = parent ? (uint64_t)(parent - planning->restore->tasks) + 1 : 0;

	return number << 32 | (uint32_t)session;
}

static int add_id(struct planning *planning, pid_t id)
{
	if (id_map_get(&planning->ids, (uint64_t)id, NULL))
		return bad_tree("id %d is there twice", id);
	return id_map_set(&planning->ids, (uint64_t)id, 1);
}

/* Processes by id, each with its parent before it. */
static int link_tasks(struct planning *planning)
{
	struct restore *restore = planning->restore;
	int r = 0;

	for (size_t i = 0; r == 0 && i < restore->tasks_count; i++) {
		struct task *task = &restore->tasks[i];
		const Cr__Process *image = task->image;

		task->parent = i > 0 ? plan_find_task(restore, image->ppid) : NULL;
		if (i > 0 && (!task->parent || task->parent->image->zombie))
			return bad_tree("process %d has no living parent before it", image->pid);
		if (task->parent && image->exit_signal > 0)
			task->parent->child_signals |= UINT64_C(1) << (image->exit_signal - 1);
		if (task->parent && image->is_stop_reported)
			task->parent->has_stopped_child = true;
		r = id_map_set(&restore->tasks_by_pid, (uint64_t)image->pid, i);
		if (r == 0)
			r = add_id(planning, image->pid);
		for (size_t j = 1; r == 0 && j < image->n_threads; j++)
			r = add_id(planning, image->threads[j]->tid);
	}
	return r == -ENOMEM ? log_error_errno(r, "cannot plan the restore") : r;
}

static int add_stand_in(struct planning *planning, const struct stand_in *stand_in, size_t *ret_index)
{
	struct stand_in *slot = vector_append(planning->restore, stand_ins);

	if (!slot || id_map_set(&planning->leaders, (uint64_t)stand_in->pid,
				planning->restore->stand_ins_count - 1) < 0)
		return log_error_errno(-ENOMEM, "cannot plan the restore");
	*slot = *stand_in;
	*ret_index = planning->restore->stand_ins_count - 1;
	return 0;
}

/* The leader of the task's session has ended, or is elsewhere in the tree, where it could not make the task.
 */
static int plan_stand_in(struct planning *planning, struct task *task)
{
	struct restore *restore = planning->restore;
	pid_t session = task->image->sid;
	uint64_t known;
	size_t index;
	int r;

	if (id_map_get(&planning->ids, (uint64_t)session, NULL) || session <= 0) {
		blockers_add(
			&restore->blockers,
			"session %d cannot be made again: its leader is no relative that could have made it",
			session);
		return 0;
	}
	if (id_map_get(&planning->leaders, (uint64_t)session, &known)) {
		blockers_add(&restore->blockers,
			     "session %d cannot be made again: its leader has ended, and its members have "
			     "different parents",
			     session);
		return 0;
	}
	r = add_stand_in(planning,
			 &(struct stand_in){.pid = session,
					    .parent = task->parent,
					    .is_session = true,
					    .exit_signal = task->image->exit_signal},
			 &index);
	task->stand_in = index + 1;
	return r;
}

/* All that A shares with anybody before it, it shares with B. */
static bool has_part_in_all(const struct task *a, const struct task *b)
{
	for (size_t i = 0; i < SHARED_COUNT; i++)
		if (!task_owns(a, i) && a->owners[i] != b->owners[i])
			return false;
	return true;
}

/* A task that shares something which its parent has no part in: a sibling that has is to make it. */
static int plan_partner(struct planning *planning, struct task *task)
{
	struct restore *restore = planning->restore;

	for (size_t i = 0; i < (size_t)(task - restore->tasks); i++) {
		struct task *sibling = &restore->tasks[i];

		if (sibling->parent != task->parent || sibling->image->zombie ||
		    sibling->image->sid != task->image->sid || !has_part_in_all(task, sibling))
			continue;
		task->maker = sibling;
		task->is_sibling = true;
		return 0;
	}
	blockers_add(&restore->blockers, "shares something with a process that cannot make it again: neither "
					 "its parent nor a sibling");
	return 0;
}

/* The task as it is made: its session is then that of its maker. */
static int plan_task(struct planning *planning, struct task *task)
{
	const struct restore *restore = planning->restore;
	struct task *parent = task->parent;
	pid_t session = task->image->sid;
	uint64_t member;

	task->maker = parent;
	if (leads_session(task) && (task->image->zombie || !parent || has_part_in_all(task, parent))) {
		task->first_session = parent ? parent->image->sid : 0;
		return 0;
	}
	task->first_session = session;
	if (!task->image->zombie && parent && !has_part_in_all(task, parent))
		return plan_partner(planning, task);
	if (parent ? parent->image->sid == session
		   : is_outside(restore, session, restore->tasks[0].image->sid))
		return 0;
	if (parent && leads_session(parent) && parent->first_session == session) {
		task->is_older = true;
		parent->older_children++;
		return 0;
	}
	if (id_map_get(&planning->members, member_key(planning, parent, session), &member)) {
		task->maker = &restore->tasks[member];
		task->is_sibling = true;
		if (task->maker->image->exit_signal != task->image->exit_signal)
			blockers_add(&planning->restore->blockers,
				     "its exit signal, %d, is not that of process %d, which has to make it",
				     task->image->exit_signal, task->maker->image->pid);
		return 0;
	}
	return plan_stand_in(planning, task);
}

/* With its parent's pages, or after one that is late. */
static void plan_lateness(const struct restore *restore, struct task *task)
{
	const struct task *maker =
		task->stand_in ? restore->stand_ins[task->stand_in - 1].parent : task->maker;

	/* Siblings keep their order, which /proc shows. */
	task->is_late = (task->parent && task->parent->has_late_child) || inherit_needs_parent(task) ||
			(maker && maker->is_late) ||
			(maker && maker->has_late_older_child && !task->is_older);
	if (task->is_late && task->parent)
		task->parent->has_late_child = true;
	if (task->is_late && task->is_older)
		task->maker->has_late_older_child = true;
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

static int plan_sessions(struct planning *planning)
{
	struct restore *restore = planning->restore;

	for (size_t i = 0; i < restore->tasks_count; i++) {
		struct task *task = &restore->tasks[i];
		uint64_t key = member_key(planning, task->parent, task->image->sid);
		int r;

		LOG_SCOPE("pid %d", task->image->pid);
		r = check_parent_pages(task);
		if (r == 0)
			r = plan_task(planning, task);
		plan_lateness(restore, task);
		if (r == 0 && !task->image->zombie && !id_map_get(&planning->members, key, NULL))
			r = id_map_set(&planning->members, key, i);
		if (r < 0)
			return r;
	}
	return 0;
}

/* A leader's older children have to be made before it becomes one, and all that is made of it afterwards. */
static int check_order(const struct restore *restore)
{
	cleanup_free size_t *older = calloc(restore->tasks_count, sizeof(*older));

	if (!older)
		return log_error_errno(-ENOMEM, "cannot plan the restore");
	for (size_t i = 0; i < restore->tasks_count; i++)
		older[i] = restore->tasks[i].older_children;
	for (size_t i = 0; i < restore->tasks_count; i++) {
		const struct task *task = &restore->tasks[i];
		size_t maker = task->maker ? (size_t)(task->maker - restore->tasks) : 0;

		if (!task->maker || !leads_session(task->maker) || task->stand_in)
			continue;
		if (task->is_older)
			older[maker]--;
		else if (older[maker] > 0 && !leads_session(task))
			return bad_tree("process %d is not behind those that were in another session",
					task->image->pid);
	}
	return 0;
}

/* The groups whose leader has ended; a member makes the stand-in. */
static int plan_groups(struct planning *planning)
{
	struct restore *restore = planning->restore;
	pid_t outside = restore->tasks[0].image->pgid;

	for (size_t i = 0; i < restore->tasks_count; i++) {
		struct task *task = &restore->tasks[i];
		pid_t group = task->image->pgid;
		size_t index;
		int r;

		if (plan_find_task(restore, group) || is_outside(restore, group, outside) ||
		    id_map_get(&planning->leaders, (uint64_t)group, NULL))
			continue;
		if (group <= 0 || id_map_get(&planning->ids, (uint64_t)group, NULL) || task->image->zombie) {
			LOG_SCOPE("pid %d", task->image->pid);
			blockers_add(&restore->blockers, "process group %d cannot be made again", group);
			continue;
		}
		r = add_stand_in(planning, &(struct stand_in){.pid = group, .parent = task}, &index);
		if (r < 0)
			return r;
	}
	return 0;
}

int plan_tree(struct restore *restore)
{
	cleanup_(planning_done) struct planning planning = {.restore = restore};
	int r = link_tasks(&planning);

	if (r == 0)
		r = plan_sessions(&planning);
	if (r == 0)
		r = check_order(restore);
	return r < 0 ? r : plan_groups(&planning);
}

void plan_done(struct restore *restore)
{
	for (size_t i = 0; i < restore->stand_ins_count; i++)
		free(restore->stand_ins[i].puppet.batch);
	free(restore->stand_ins);
	id_map_done(&restore->tasks_by_pid);
}

bool plan_has_thread(const struct restore *restore, pid_t tid)
{
	for (size_t i = 0; i < restore->tasks_count; i++)
		for (size_t k = 0; k < restore->tasks[i].image->n_threads; k++)
			if (restore->tasks[i].image->threads[k]->tid == tid)
				return true;
	return plan_find_task(restore, tid) != NULL;
}
