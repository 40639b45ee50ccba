/* SPDX-License-Identifier: MIT */
/* A reference to one process that cannot come to mean another. */
#include "common/pidref.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"

#define PIDFD_OF_THREAD O_EXCL /* PIDFD_THREAD of linux/pidfd.h */

static int open_with(pid_t pid, unsigned flags, struct pidref *ret)
{
	int fd;

	if (pid <= 0)
		return -ESRCH;
	fd = (int)syscall(SYS_pidfd_open, pid, flags); /* always close-on-exec */
	if (fd < 0)
		return -errno;
	*ret = (struct pidref){.pid = pid, .fd = fd};
	return 0;
}

int pidref_open(pid_t pid, struct pidref *ret)
{
	return open_with(pid, 0, ret);
}

int pidref_open_thread(pid_t tid, struct pidref *ret)
{
	return open_with(tid, PIDFD_OF_THREAD, ret);
}

void pidref_done(struct pidref *pidref)
{
	if (!pidref)
		return;
	close_fd(&pidref->fd);
	pidref->pid = 0;
}

int pidref_send_signal(const struct pidref *pidref, int signal)
{
	if (syscall(SYS_pidfd_send_signal, pidref->fd, signal, NULL, 0) < 0)
		return -errno;
	return 0;
}

int pidref_getfd(const struct pidref *pidref, int fd, int *ret_fd)
{
	int ours = (int)syscall(SYS_pidfd_getfd, pidref->fd, fd, 0); /* always close-on-exec */

	if (ours < 0)
		return -errno;
	*ret_fd = ours;
	return 0;
}
