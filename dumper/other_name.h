/* SPDX-License-Identifier: MIT */
/* Looks for another name of a file whose known one is gone. */
#pragma once

#include <sys/stat.h>

#include "common/compiler.h"

/*
 * Finds a name of the file ST: first in the directory that PATH, its former name, lies in, then below it and
 * in what is around it, a bounded number of names in all, and not on another mount. The caller frees
 * *ret_path. -ENOENT if none was found.
 */
int must_check other_name_find(const char *path, const struct stat *st, char **ret_path);

/*
 * The same below DIRECTORY, the root of a mount, itself included, of a file on an overlay: there stat(2) may
 * tell other numbers than the kernel does otherwise, as for inotify(7). st_ino is the latter, st_dev what
 * directories of the overlay have.
 */
int must_check other_name_find_by_number(const char *directory, const struct stat *st, char **ret_path);
