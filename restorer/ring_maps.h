/* SPDX-License-Identifier: MIT */
/* Mappings of rings: those of packet(7) and io_uring(7). */
#pragma once

#include "restorer/restore.h"

/* In memory only: adds to restore->blockers, or fails with -EBADMSG, where a mapping is not of what has
 * rings. */
int must_check ring_maps_plan(struct restore *restore);

/* Maps them in a task, when all open files are there. Logs. */
int must_check ring_maps_make(struct restore *restore, struct task *task);
