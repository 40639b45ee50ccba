/* SPDX-License-Identifier: MIT */
/*
 * Memory that a process has in common with its parent: it is made by fork(2) from the parent when that is
 * filled, and keeps what they have in common, so that both share it again.
 */
#pragma once

#include "restorer/restore.h"

/* What is known of each mapping of a task that is being built, see task->mapping_states. */
#define MAPPING_HAS_CONTENTS 1 /* pages are going to be written to it */
#define MAPPING_IS_KEPT 2      /* it is there, from the parent, up to task->kept_ends */

/* Fills in task->mapping_states and kept_ends of a task whose maker is known. Logs. */
int must_check inherit_plan(struct task *task);

/* Whether TASK can be made only when its parent's memory is filled. */
static inline bool inherit_needs_parent(const struct task *task)
{
	return task->memory && task_owns(task, SHARED_MEMORY) && task->memory->n_parent_pages > 0;
}

/* Adds to the batch that makes the mappings: pages in kept ones that TASK has not in common with its parent
 * go. Logs. */
int must_check inherit_add_drops(struct task *task);

/* After that: where TASK was not made by its parent, the pages that it has in common are copied. Logs. */
int must_check inherit_finish(const struct task *task);
