/* SPDX-License-Identifier: MIT */
/*
 * What /proc tells of descriptors of this process, one after the other.
 *
 * The first look at a descriptor through the /proc of its process makes the kernel build two files there.
 * The same open file description under a number of ours, which is the same each time, is told at a fraction
 * of the cost. What belongs to the descriptor or its process, and not to the description, is ours then:
 * O_CLOEXEC, and POSIX locks, which are not shown.
 */
#pragma once

#include "common/compiler.h"
#include "common/cleanup.h"
#include "common/proc/fdinfo.h"

struct own_files;

/* Silent. */
int must_check own_files_new(struct own_files **ret_files);
/* NULL: nothing to do. */
void own_files_free(struct own_files *files);
DEFINE_FREEP(own_files, own_files_free)

/* As fdinfo_read(). -E2BIG if that is more than what is common to all kinds takes. */
int must_check own_files_read(struct own_files *files, int fd, struct fdinfo *ret_fdinfo);

/* As file_readlink_at(). */
int must_check own_files_link(const struct own_files *files, int fd, char **ret_link);
