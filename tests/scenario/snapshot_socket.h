/* SPDX-License-Identifier: MIT */
/* What can be asked of a process's sockets from outside, for a snapshot: addresses and options. */
#pragma once

#include <sys/types.h>

/*
 * Calls ADD with a line of text for each thing that descriptor FD of process PID, a socket of any family,
 * tells about itself, the names of interfaces among it, but not what must differ (cookies, counters, times).
 * 0, a negative errno, or what ADD returned. Nothing of the socket is changed.
 */
int snapshot_socket(pid_t pid, int fd, int (*add)(void *context, const char *line), void *context);
