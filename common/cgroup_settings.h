/* SPDX-License-Identifier: MIT */
/* What can be set for a cgroup, by the files of its directory, and how that is made again. */
#pragma once

#include "common/compiler.h"

/*
 * Calls TAKE for each setting of the group of directory GROUP_FD, in a hierarchy of CONTROLLERS, that is not
 * what a new group begins with, in the order in which they are to be made; VALUE has no newline at its end,
 * and is gone when TAKE returns. Returns 0 or what TAKE
 * returned other than that, or a negative errno if something cannot be read.
 */
int must_check cgroup_settings_read(int group_fd, const char *controllers,
				    int (*take)(void *context, const char *name, const char *value),
				    void *context);

/*
 * Makes the setting NAME of a group VALUE; nothing is written if it is that already. -ENOTSUP if it is none
 * of those above, -ENOENT if the group does not have it here.
 */
int must_check cgroup_setting_write(int group_fd, const char *controllers, const char *name,
				    const char *value);
