/* SPDX-License-Identifier: MIT */
/* Gathers what can be seen of a descriptor. */
#include "dumper/fd/fd_info.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/statfs.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/memfd.h"

/* Not in the <linux/magic.h> of older systems. */
#ifndef XFS_SUPER_MAGIC
#define XFS_SUPER_MAGIC 0x58465342
#endif
#ifndef PID_FS_MAGIC
#define PID_FS_MAGIC 0x50494446
#endif

void fd_info_done(struct fd_info *info)
{
	if (!info)
		return;
	close_fd(&info->our_fd);
	free(info->link);
	fdinfo_done(&info->fdinfo);
	*info = (struct fd_info){.our_fd = -EBADF};
}

static void read_socket(struct fd_info *info)
{
	socklen_t size = sizeof(int);

	info->socket = (struct socket_type){-1, -1, -1};
	if (!S_ISSOCK(info->stat.st_mode))
		return;
	(void)getsockopt(info->our_fd, SOL_SOCKET, SO_DOMAIN, &info->socket.family, &size);
	(void)getsockopt(info->our_fd, SOL_SOCKET, SO_TYPE, &info->socket.type, &size);
	(void)getsockopt(info->our_fd, SOL_SOCKET, SO_PROTOCOL, &info->socket.protocol, &size);
}

/*
 * Whether its file tells nothing in fdinfo that is its process's but locks, and tells us at once of those:
 * the file system asks nobody else for them.
 */
static bool is_plain(const struct fd_info *info)
{
	static const uint32_t local[] = {
		EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC,       BTRFS_SUPER_MAGIC, F2FS_SUPER_MAGIC,
		TMPFS_MAGIC,      OVERLAYFS_SUPER_MAGIC, RAMFS_MAGIC,
	};

	if (info->socket.family >= 0)
		return true;
	for (size_t i = 0; S_ISREG(info->stat.st_mode) && i < ARRAY_SIZE(local); i++)
		if (info->filesystem == local[i])
			return true;
	return false;
}

/* Some process may have POSIX locks on its file. */
static bool may_have_posix_locks(int our_fd)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	return fcntl(our_fd, F_OFD_GETLK, &lock) < 0 || lock.l_type != F_UNLCK;
}

/* 1 if there was no need to look from its process. */
static int read_as_ours(struct fd_info *info, struct own_files *own_files)
{
	int r;

	if (!is_plain(info) || may_have_posix_locks(info->our_fd))
		return 0;
	r = own_files_read(own_files, info->our_fd, &info->fdinfo);
	if (r == 0 && info->fdinfo.locks_count > 0) {
		fdinfo_done(&info->fdinfo);
		return 0;
	}
	return r < 0 ? r : 1;
}

static int read_link(struct fd_info *info, int proc_fd, const struct own_files *own_files)
{
	char path[32];
	int r;

	/* What the link of one says, without the way through /proc. */
	if (info->socket.family >= 0) {
		r = asprintf(&info->link, "socket:[%ju]", (uintmax_t)info->stat.st_ino);
		return r < 0 ? -ENOMEM : 0;
	}
	snprintf(path, sizeof(path), "fd/%d", info->fd);
	r = own_files ? own_files_link(own_files, info->our_fd, &info->link)
		      : file_readlink_at(proc_fd, path, &info->link);
	if (r != -ENAMETOOLONG)
		return r;
	info->is_long = true;
	info->link = strdup("");
	return info->link ? 0 : -ENOMEM;
}

/*
 * fstat(2), but also of the directory /proc/PID/fd of a process that has ended, the only file that has
 * nothing to tell then.
 */
static int read_stat(struct fd_info *info, int proc_fd)
{
	cleanup_(fdinfo_done) struct fdinfo fdinfo = {0};
	struct statfs filesystem;
	int r;

	if (fstat(info->our_fd, &info->stat) == 0)
		return 0;
	if (errno != ENOENT)
		return -errno;
	if (fstatfs(info->our_fd, &filesystem) < 0)
		return -errno;
	if (filesystem.f_type != PROC_SUPER_MAGIC)
		return -ENOENT;
	r = fdinfo_read(proc_fd, info->fd, &fdinfo);
	if (r < 0)
		return r;
	info->stat = (struct stat){.st_mode = S_IFDIR | 0500, .st_ino = fdinfo.inode};
	return 0;
}

int fd_info_read(struct fd_info *ret, const struct pidref *pidref, int proc_fd, int fd,
		 struct own_files *own_files)
{
	cleanup_(fd_info_done) struct fd_info info = {.fd = fd, .our_fd = -EBADF};
	struct statfs filesystem;
	int r;

	r = pidref_getfd(pidref, fd, &info.our_fd);
	if (r < 0)
		return r;
	r = read_stat(&info, proc_fd);
	if (r < 0)
		return r;
	read_socket(&info);
	if (info.socket.family < 0 && fstatfs(info.our_fd, &filesystem) == 0)
		info.filesystem = (uint32_t)filesystem.f_type;
	r = own_files ? read_as_ours(&info, own_files) : 0;
	if (r == 0)
		r = fdinfo_read(proc_fd, fd, &info.fdinfo);
	if (r < 0)
		return r;
	info.flags = info.fdinfo.flags & ~(uint32_t)O_CLOEXEC;
	r = read_link(&info, proc_fd, own_files);
	if (r < 0)
		return r;
	*ret = info;
	info = (struct fd_info){.our_fd = -EBADF};
	return 0;
}

bool fd_info_is_pseudo(const struct fd_info *info)
{
	static const uint32_t pseudo[] = {
		PROC_SUPER_MAGIC, SYSFS_MAGIC,        CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC,
		DEBUGFS_MAGIC,    TRACEFS_MAGIC,      SECURITYFS_MAGIC,   BPF_FS_MAGIC,
		NSFS_MAGIC,       PID_FS_MAGIC,       SELINUX_MAGIC,      SMACK_MAGIC,
		BINFMTFS_MAGIC,   PSTOREFS_MAGIC,     EFIVARFS_MAGIC,     RDTGROUP_SUPER_MAGIC,
		CONFIGFS_MAGIC,   FUSE_CONTROL_MAGIC, SECRETMEM_MAGIC,    DMA_BUF_MAGIC,
		MQUEUE_MAGIC,
	};

	for (size_t i = 0; i < ARRAY_SIZE(pseudo); i++) {
		if (info->filesystem == pseudo[i])
			return true;
	}
	return false;
}

bool fd_info_is_memfd(const struct fd_info *info)
{
	if (!S_ISREG(info->stat.st_mode) || info->stat.st_nlink != 0 ||
	    strncmp(info->link, "/memfd:", 7) != 0)
		return false;
	return info->filesystem == HUGETLBFS_MAGIC
		       ? memfd_is_huge_device(info->stat.st_dev, memfd_huge_page_size(info->our_fd))
		       : memfd_is_device(info->stat.st_dev);
}

bool fd_info_has_path(const struct fd_info *info)
{
	return (info->link[0] == '/' || info->is_long) && !fd_info_is_pseudo(info) &&
	       (!fd_info_is_memfd(info) || info->flags & O_PATH);
}

bool fd_info_is_anonymous(const struct fd_info *info, const char *name)
{
	static const char prefix[] = "anon_inode:";
	size_t length = strlen(prefix);

	return strncmp(info->link, prefix, length) == 0 && strcmp(info->link + length, name) == 0;
}
