/* SPDX-License-Identifier: MIT */
/*
 * The open file descriptions of an archive ("objects"), and how tasks come to their descriptors.
 *
 * An object is opened by the controller, or taken from a task that has it already; the task, a puppet, pulls
 * it over with pidfd_getfd(2).
 */
#pragma once

#include "restorer/restore.h"

/*
 * Takes the objects of fd/KIND.pb, and LIST with them. -EBADMSG, logged, if one is not valid or an id is met
 * twice.
 */
int must_check objects_read(struct restore *restore, const char *kind, Cr__OpenFileList *list);

/*
 * Once all images are read, in memory only: sorts the descriptor tables by number. -EBADMSG, logged, if one
 * refers to what is not there or has a number twice; adds to restore->blockers what this host cannot give.
 */
int must_check objects_plan(struct restore *restore);

/* After it, if the images are good: adds to restore->blockers what this host, as it is now, cannot give. */
int must_check objects_preflight(struct restore *restore);

/* When all processes exist, and before the first gets its descriptors. */
int must_check objects_prepare(struct restore *restore);

/* The object whose contents a member of this name holds; NULL: none has such. */
struct object *objects_find_by_contents(struct restore *restore, const char *member_name);

/* -EBADMSG, logged, if contents that must be there have not been met. */
int must_check objects_check_contents(const struct restore *restore);

/* Restores the contents of an object that a task holds from the open member. */
int must_check objects_fill(struct restore *restore, struct object *object);

/*
 * A number that no descriptor of a planned task has, for task->controller_fd_inside; nor this process, for
 * what a puppet has from it under the same number may still be needed: mapped files, terminals.
 */
int objects_unused_fd(const struct task *task);

/*
 * Gives the task, the puppet of which is its only thread, exactly the descriptors of its image; all
 * others are closed, task->controller_fd_inside, which must be a pidfd of this process, as the last. The
 * puppet must still have the right to trace this process. Leaves its RLIMIT_NOFILE raised.
 */
int must_check objects_open_for_task(struct restore *restore, struct task *task);

/*
 * Connects the objects that TASK was the first to get, and sets their owners and signals (F_SETOWN_EX,
 * F_SETSIG, O_ASYNC). All owners must exist, and the task's leader must still have the credentials of this
 * process: the kernel notes who sets an owner.
 */
int must_check objects_finish_task(struct restore *restore, struct task *task);

/* The last part of it for one object, in a batch of the task that holds it. */
void object_add_signals(struct batch *batch, const struct object *object);

/* After the last task. */
int must_check objects_finish(struct restore *restore);

/* Just before the first task goes on. */
int must_check objects_let_go(struct restore *restore);

void objects_done(struct restore *restore);
