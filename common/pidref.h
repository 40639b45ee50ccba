/* SPDX-License-Identifier: MIT */
/*
 * A reference to one process that cannot come to mean another when its number is used again: the number with
 * a pidfd (pidfd_open(2), Linux 5.3).
 */
#pragma once

#include <sys/types.h>

#include "common/compiler.h"

struct pidref {
	pid_t pid;
	int fd; /* pidfd, or -EBADF */
};

#define PIDREF_NULL ((struct pidref){.fd = -EBADF})

/* -ESRCH if there is none, -ENOENT or -EINVAL (by kernel version) if PID is a thread that does not lead its
 * process. */
int must_check pidref_open(pid_t pid, struct pidref *ret);
/* The same for one thread, whether or not it leads its process; it leads to the process as well (Linux 6.9).
 */
int must_check pidref_open_thread(pid_t tid, struct pidref *ret);
void pidref_done(struct pidref *pidref);

/* -ESRCH if the process is gone; a zombie takes the signal without effect. */
int must_check pidref_send_signal(const struct pidref *pidref, int signal);

/*
 * A descriptor, ours and O_CLOEXEC, of the open file description behind the process's descriptor FD
 * (pidfd_getfd(2), Linux 5.6). -EBADF if it has no such; -EPERM without ptrace access.
 */
int must_check pidref_getfd(const struct pidref *pidref, int fd, int *ret_fd);
