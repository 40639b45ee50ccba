/* SPDX-License-Identifier: MIT */
/* Makes the processes and threads. */
#pragma once

#include "restorer/restore.h"

/*
 * Makes the processes as they were planned (plan.h), in their sessions, each with its mappings but without
 * their contents, and no thread but the leader; but for those that come late.
 */
int must_check tree_create(struct restore *restore);

/* Before the memory of TASK is filled: makes it, and all before it, the memory of which has been filled. */
int must_check tree_create_until(struct restore *restore, struct task *task);

/*
 * When all memory is filled: makes what is still to be made, and puts all into their process groups. Zombies
 * come to their end.
 */
int must_check tree_settle(struct restore *restore);

/* Adds to the batch that has been begun: a descriptor of the controller that is kept in the task, to pull
 * others through: task->controller_fd_inside. */
void tree_add_controller(struct task *task);

/* Makes its other threads, which start as puppets; once. */
int must_check tree_create_threads(struct restore *restore, struct task *task);

/* Kills whatever was made, and waits until it is gone. */
void tree_kill(struct restore *restore);
