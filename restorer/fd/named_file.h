/* SPDX-License-Identifier: MIT */
/* What the kinds share that are opened again by their path. */
#pragma once

#include "restorer/fd/fd_restorer.h"

/* The entry is a valid Cr__NamedFile. */
int must_check named_file_read(struct restore *restore, struct object *object, const char **ret_reason);

/* Announces the use of a ghost. */
int must_check named_file_plan(struct restore *restore, struct object *object);

/*
 * Opens a path without waiting for anything. FLAGS as of F_GETFL; MODE and DEVICE as of stat(2): -ESTALE,
 * logged, if something of another type is there.
 */
int must_check named_file_open_path(const char *path, uint32_t flags, uint32_t mode, uint64_t device,
				    int *ret_fd);

/* Opens it, without waiting for anything; -ESTALE, logged, if something of another type is there. */
int must_check named_file_open(struct restore *restore, const struct object *object, int *ret_fd);
