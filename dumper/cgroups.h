/* SPDX-License-Identifier: MIT */
/*
 * The cgroups of the tree: for each thread the number of its set, which is a group in each hierarchy. What is
 * set for a group is read only if cr-dump itself is elsewhere: a program that shares the group of cr-dump, as
 * one of the same login does, is to share that of cr-restore.
 */
#pragma once

#include "dumper/dump.h"

/*
 * Notes the set of a thread, PROC_FD, and its number, 0 if the kernel has no cgroups. A frozen group becomes
 * a blocker: then it returns 1. Logs what fails.
 */
int must_check cgroups_note(struct dump *dump, int proc_fd, uint32_t *ret_set);

/* When all are noted: the manifest's part. */
int must_check cgroups_collect(struct dump *dump);

void cgroups_done(struct dump *dump);
