/* SPDX-License-Identifier: MIT */
/* Carries the plan of the tree out: makes processes and stand-ins, in their sessions and groups. */
#pragma once

#include "restorer/restore.h"

/* All that is not late, up to the sessions. No memory is built. */
int must_check making_run_early(struct restore *restore);

/*
 * What is late, up to the task of index UNTIL among those that are, or all of it; each with its memory built.
 * The memory of all tasks before UNTIL has been filled.
 */
int must_check making_run_late(struct restore *restore, size_t until);

/* When all is made. */
int must_check making_run_groups(struct restore *restore);

/* When nobody needs them any more. */
int must_check making_end_stand_ins(struct restore *restore);
