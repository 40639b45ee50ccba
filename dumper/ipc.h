/* SPDX-License-Identifier: MIT */
/*
 * Semaphores and message queues of System V. They belong to the IPC namespace, not to a process; those that
 * the tree has used are saved, so that they can be made again where they are gone.
 */
#pragma once

#include "dumper/dump.h"
#include "format/ipc.pb-c.h"

/* When all is frozen and collected. Adds blockers for what cannot be looked at. */
int must_check ipc_collect(struct dump *dump);

/* The image, unless there is nothing to save. */
int must_check ipc_write(struct dump *dump);

/* dumper/ipc_undo.c: adds the adjustments of all processes to IPC, for which SET_COUNT sets are known; and
 * the id of each set that has some to SETS, whose values are 1. */
int must_check ipc_undo_collect(struct dump *dump, Cr__Ipc *ipc, struct id_map *sets);
