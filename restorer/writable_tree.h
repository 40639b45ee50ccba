/* SPDX-License-Identifier: MIT */
/* A way to write to a file system that is mounted read-only, if it is not read-only itself. */
#pragma once

#include "common/compiler.h"

/*
 * What is below DIRECTORY, as a mount of its own that has no place in the file tree and may be written to; in
 * *ret_fd, to be reached by way of /proc/self/fd. It is gone when the descriptor, and what was opened by it,
 * is closed. -EROFS if the file system cannot be written to; -EPERM without CAP_SYS_ADMIN.
 */
int must_check writable_tree_open(const char *directory, int *ret_fd);
