/* SPDX-License-Identifier: MIT */
/*
 * Files of /proc that belong to a process which has ended: they are opened while a process of that number is
 * there, a child of cr-restore that does nothing and then ends.
 */
#pragma once

#include "restorer/restore.h"

/*
 * Opens PATH, "/proc/12/stat" or "/proc/12/task/13/stat", with FLAGS, O_*, as one of a process that is there
 * until dead_processes_end(); MODE is st_mode. It has another number if that is taken, or needed for the
 * program. Logs.
 */
int must_check dead_process_open(struct restore *restore, const char *path, uint32_t flags, uint32_t mode,
				 int *ret_fd);

/* Ends all of them, also if the restore has failed. */
void dead_processes_end(struct restore *restore);
