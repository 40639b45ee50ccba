/* SPDX-License-Identifier: MIT */
/* File locks and leases, at restore. */
#pragma once

#include "restorer/restore.h"

/*
 * After objects_plan(), in memory only: finds who is to take which lock. -EBADMSG, logged, for a lock of a
 * process that does not have the file.
 */
int must_check file_locks_plan(struct restore *restore);

/*
 * Adds to restore->blockers that --file-locks is needed, and what others have that stands against a lock, or
 * against opening a file.
 */
int must_check file_locks_check(struct restore *restore);

/*
 * Takes those of a task, by its leader. All tasks must have all their descriptors, and the owners of files
 * (F_SETOWN) be set: a lease sets one if there is none.
 */
int must_check file_locks_take(struct restore *restore, struct task *task);

/* After the last task: those of files that no task has, but somebody's queue; and breaks the leases that were
 * being broken. */
int must_check file_locks_finish(struct restore *restore);

void file_locks_done(struct restore *restore);
