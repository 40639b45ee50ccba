/* SPDX-License-Identifier: MIT */
/*
 * Resource limits: /proc/PID/limits (proc_pid_limits(5)). prlimit(2) would tell the same, but needs
 * CAP_SYS_RESOURCE even to read those of a task with other ids.
 */
#pragma once

#include <sys/resource.h>

#include "common/compiler.h"

struct limits {
	struct rlimit64 limits[RLIM_NLIMITS]; /* by RLIMIT_*; "unlimited" is RLIM64_INFINITY */
};

/* -EBADMSG unless all of the limits are there; a limit of an unknown name is too. */
int must_check limits_parse(const char *text, size_t size, struct limits *ret);
int must_check limits_read(int proc_fd, struct limits *ret);
