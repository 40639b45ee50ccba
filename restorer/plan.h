/* SPDX-License-Identifier: MIT */
/*
 * Who makes which process, and when.
 *
 * A process gets parent, session and process group from the one that makes it (clone(2), setsid(2)). Mostly
 * that is its parent. A member of a session that is not its parent's was made by another member and has
 * become its parent's later: it is made by such a member with CLONE_PARENT. Where the leader of a session or
 * group has ended, a stand-in has its id for as long as it takes.
 */
#pragma once

#include "restorer/restore.h"

/* A process that takes the place of one that has ended, until all that needs it has been made. */
struct stand_in {
	pid_t pid;
	struct task *parent; /* NULL: cr-restore */
	bool is_session;     /* else a process group, made by a member */
	int exit_signal;
	struct puppet puppet;
};

/*
 * Fills in the plan of every task and restore->stand_ins, in memory only. -EBADMSG, logged, if the tasks are
 * no tree; what cannot be made again is added to restore->blockers.
 */
int must_check plan_tree(struct restore *restore);

/* The task of process PID, or NULL. */
struct task *plan_find_task(const struct restore *restore, pid_t pid);

/* Whether a process or thread of this id is in the archive. */
bool plan_has_thread(const struct restore *restore, pid_t tid);

void plan_done(struct restore *restore);
