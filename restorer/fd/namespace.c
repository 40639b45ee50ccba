/* SPDX-License-Identifier: MIT */
/* Files of namespaces, namespaces(7), at restore: those that the program comes into, which are those of this
 * process. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/uapi_pidfd.h"
#include "format/fd/namespace.h"
#include "format/fd/open_file.h"
#include "restorer/fd/fd_restorer.h"

static int namespace_read(struct restore *restore maybe_unused, struct object *object,
			  const char **ret_reason)
{
	enum ns_link link;

	return namespace_check((const Cr__Namespace *)object->entry, &link, ret_reason);
}

/* This process stays outside of the time namespace that is made for the program. */
static int by_path(enum ns_link link, uint32_t flags)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/ns/%s",
		 ns_link_name(link == NS_LINK_TIME ? NS_LINK_TIME_FOR_CHILDREN : link));
	fd = open(path, (int)flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* What open(2) makes has O_LARGEFILE, on a 64-bit machine; what ioctl_pidfd(2) and the like make has not. */
static int by_pidfd(enum ns_link link)
{
	static const unsigned long requests[NS_LINK_COUNT] = {
		[NS_LINK_CGROUP] = UAPI_PIDFD_GET_NAMESPACE(1), [NS_LINK_IPC] = UAPI_PIDFD_GET_NAMESPACE(2),
		[NS_LINK_MNT] = UAPI_PIDFD_GET_NAMESPACE(3),    [NS_LINK_NET] = UAPI_PIDFD_GET_NAMESPACE(4),
		[NS_LINK_PID] = UAPI_PIDFD_GET_NAMESPACE(5),    [NS_LINK_TIME] = UAPI_PIDFD_GET_NAMESPACE(8),
		[NS_LINK_USER] = UAPI_PIDFD_GET_NAMESPACE(9),   [NS_LINK_UTS] = UAPI_PIDFD_GET_NAMESPACE(10),
	};
	cleanup_close int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	int fd = pidfd < 0 ? -1 : ioctl(pidfd, requests[link], 0);

	return fd < 0 ? -errno : fd;
}

static int namespace_open(struct restore *restore maybe_unused, const struct object *object, int *ret_fd)
{
	const Cr__Namespace *entry = (const Cr__Namespace *)object->entry;
	uint32_t flags = object->image->flags;
	const char *reason;
	enum ns_link link;
	int fd = -ENOSYS, r = namespace_check(entry, &link, &reason);

	if (r < 0)
		return r;
	if (!(flags & (OPEN_FILE_LARGE | O_PATH)))
		fd = by_pidfd(link);
	if (fd < 0)
		fd = by_path(link, flags);
	if (fd < 0)
		return log_error_errno(fd, "cannot open the namespace '%s'", entry->type);
	*ret_fd = fd;
	return 0;
}

const struct fd_restorer namespace_fd_restorer = {
	.name = "namespace",
	.read = namespace_read,
	.open = namespace_open,
};
