/* SPDX-License-Identifier: MIT */
/* Who makes which process, and when: the plan of common/tree_plan.h for the tasks of an archive. */
#pragma once

#include "restorer/restore.h"

/* A process that takes the place of one that has ended, until all that needs it has been made. */
struct stand_in {
	pid_t pid;
	struct puppet puppet;
	uint32_t cgroup_set; /* as of a task */
};

/*
 * Fills in the plan of every task, restore->tree_plan and restore->stand_ins, in memory only. -EBADMSG,
 * logged, if the tasks are no tree, or not in the order in which they can be made; what cannot be made again
 * is added to restore->blockers.
 */
int must_check plan_tree(struct restore *restore);

/* The task of process PID, or NULL. */
struct task *plan_find_task(const struct restore *restore, pid_t pid);

/* The thread TID of the task, 0: the main thread; NULL if there is none. */
struct thread *plan_parent_thread(struct task *parent, pid_t tid);

/* Whether a process or thread of this id is in the archive. */
bool plan_has_thread(const struct restore *restore, pid_t tid);

void plan_done(struct restore *restore);
