/* SPDX-License-Identifier: MIT */
/* The parts of the preflight. Each adds to restore->blockers, creates nothing, and returns 0 or a negative
 * errno, logged. */
#pragma once

#include "restorer/restore.h"

/* preflight_ids.c: the process and thread ids are free. Waits up to two seconds for those of dead processes.
 */
int must_check preflight_ids(struct restore *restore);
/* The same file: the largest of the ids, and whether it is below PID_MAX (proc_sys_kernel(5)). */
pid_t preflight_largest_id(const struct restore *restore);
void preflight_pid_max(struct restore *restore, int32_t pid_max);

/* preflight_files.c: the files of the manifest are there and have not changed. */
void preflight_files(struct restore *restore);

/* preflight_huge.c: the huge pages that are needed are free. */
void preflight_huge(struct restore *restore);

/* preflight_open.c: files that were open can be opened so again. */
void preflight_open(struct restore *restore);

/* preflight_busy.c: program files that others run, or write to. */
int must_check preflight_busy(struct restore *restore);

/* preflight_host.c: machine, processor, kernel and rights are enough. */
int must_check preflight_host(struct restore *restore);
