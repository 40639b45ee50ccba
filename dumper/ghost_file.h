/* SPDX-License-Identifier: MIT */
/* What is stored of one ghost. */
#pragma once

#include <sys/stat.h>

#include "dumper/dump.h"
#include "format/ghost.pb-c.h"

/*
 * Fills IMAGE, but for id, origin and paths, from the file that PATH_FD (O_PATH) leads to. Returns 1 after
 * adding a blocker. NAME is for messages.
 */
int must_check ghost_file_collect(struct dump *dump, int path_fd, const struct stat *st, const char *name,
				  Cr__Ghost *image);

/* A descriptor for reading what PATH_FD (O_PATH) leads to; silent. Does not change when it was read last, if
 * it can be helped. */
int must_check ghost_file_open(int path_fd, int *ret_fd);

/* Writes the extents of IMAGE to the open member of dump->writer. */
int must_check ghost_file_write(struct dump *dump, int path_fd, const Cr__Ghost *image);
