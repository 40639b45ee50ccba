/* SPDX-License-Identifier: MIT */
/* Segments of System V shared memory, shmget(2), of the IPC namespace that the tree and cr-dump are in. */
#pragma once

#include "dumper/dump.h"
#include "format/ghost.pb-c.h"

/* What shmctl(2) tells of segment ID, which is mapped; *ret_segment is NULL after adding a blocker. Logs. */
int must_check sysv_describe(struct dump *dump, int id, Cr__SysvSegment **ret_segment);

/* Once all is collected: segments are attached whole, and by processes of the tree only. Adds blockers. */
int must_check sysv_check(struct dump *dump);
