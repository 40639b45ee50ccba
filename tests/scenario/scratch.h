/* SPDX-License-Identifier: MIT */
/* The directory a scenario works in: kept as it was at a dump, and put back for a second restore. */
#pragma once

#include "common/compiler.h"

/*
 * Makes the directory TO, which is made if it is not there, equal to FROM: contents, modes, owners and
 * modification times. Files that are in both keep their inodes. 0 or a negative errno.
 */
int must_check scratch_copy(const char *from, const char *to);

/* Removes PATH and all below it, however deep. */
int must_check scratch_remove(const char *path);
