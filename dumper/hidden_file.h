/* SPDX-License-Identifier: MIT */
/* Files that no path leads to from here, and that can be found by their handle. */
#pragma once

#include <sys/stat.h>

#include "dumper/dump.h"
#include "format/ghost.pb-c.h"

/*
 * Notes how the file ST behind FD (O_PATH will do) is found again, on the mount that it was opened by, or
 * else another of its file system; in the arena. Silent: -ENOENT if no such mount is in sight, -EOPNOTSUPP if
 * its file system gives out no handles, -EPERM without CAP_DAC_READ_SEARCH; what else goes wrong.
 */
int must_check hidden_file_describe(struct dump *dump, int fd, const struct stat *st,
				    Cr__FileHandle **ret_handle);

/* A directory of that mount, or of another of its file system, that a path leads to; in the arena. Silent. */
int must_check hidden_file_find_mount(struct dump *dump, int fd, const struct stat *st, char **ret_path);

/* What stands for the path of the file ST, which is longer than a path may be, in the arena; NULL without
 * memory. */
char *hidden_file_long_path(struct dump *dump, const struct stat *st);

/* What an error of it means, for a message; static text. */
const char *hidden_file_obstacle(int error);
