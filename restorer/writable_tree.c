/* SPDX-License-Identifier: MIT */
/* Writes to a file system that is mounted read-only. */
#include "restorer/writable_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

#include "common/cleanup.h"

int writable_tree_open(const char *directory, int *ret_fd)
{
	struct mount_attr attributes = {.attr_clr = MOUNT_ATTR_RDONLY};
	cleanup_close int fd = open_tree(AT_FDCWD, directory, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	char link[32];

	if (fd < 0 || mount_setattr(fd, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)) < 0)
		return -errno;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (faccessat(AT_FDCWD, link, W_OK | X_OK, AT_EACCESS) < 0)
		return -errno;
	*ret_fd = take_fd(&fd);
	return 0;
}
