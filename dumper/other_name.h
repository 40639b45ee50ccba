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
