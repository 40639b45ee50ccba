/* SPDX-License-Identifier: MIT */
/* Control groups as file systems (cgroups(7)): the root of a hierarchy, and what is set for a group. */
#pragma once

#include <stdbool.h>

#include "common/compiler.h"

/* The largest setting that is read; those that are a list have a line for each device. */
#define CGROUP_SETTING_SIZE_MAX ((size_t)65536)

/* Where cgroups can be reached; {0} is empty. */
struct cgroup_mounts {
	char *text; /* of mountinfo; NULL: not read yet */
	size_t size;
};

void cgroup_mounts_done(struct cgroup_mounts *mounts);

/*
 * Opens the directory of a mount of the hierarchy of CONTROLLERS (see cgroup_list.h) in which PATH, which is
 * plain, can be reached; RET_BELOW is PATH from there, borrowed from PATH. One that is not mounted is
 * mounted for the descriptor alone, where that is permitted (CAP_SYS_ADMIN): nobody else sees that mount. It
 * must exist, for else that would make it. -ENOENT if there is no way to it, or another negative errno.
 * RET_IS_READ_ONLY tells of the mount.
 */
int must_check cgroup_open_hierarchy(struct cgroup_mounts *mounts, const char *controllers, const char *path,
				     int *ret_fd, const char **ret_below, bool *ret_is_read_only);

/* "memory", "name=systemd", "v2": what a person calls a hierarchy. */
const char *cgroup_hierarchy_name(const char *controllers);

/*
 * 1 if the group of that directory is frozen, by itself or with one above it, of which RET_FD is the
 * directory then; 0 if not, or a negative errno.
 */
int must_check cgroup_find_frozen(int group_fd, bool is_v2, int *ret_fd);
