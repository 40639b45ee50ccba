/* SPDX-License-Identifier: MIT */
/* Copies and removes whole directories by descriptors, so that no path is ever too long. */
#include "scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"

#define OPEN_DIRECTORY (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static bool is_dot(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* A second descriptor of its own offset for reading the directory FD. */
static DIR *list_directory(int fd)
{
	int own = openat(fd, ".", OPEN_DIRECTORY);
	DIR *directory = own < 0 ? NULL : fdopendir(own);

	if (!directory && own >= 0)
		close(own);
	return directory;
}

/* What a scenario that has failed has left mounted. */
static int remove_mount(int directory_fd, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", directory_fd, name);
	if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
		return -errno;
	return unlinkat(directory_fd, name, AT_REMOVEDIR);
}

static int remove_below(int directory_fd)
{
	cleanup_closedir DIR *directory = list_directory(directory_fd);
	struct dirent *entry;

	if (!directory)
		return -errno;
	while ((entry = readdir(directory))) {
		if (is_dot(entry->d_name) || unlinkat(directory_fd, entry->d_name, 0) == 0)
			continue;
		if (errno == EISDIR || errno == EPERM) {
			cleanup_close int inner = openat(directory_fd, entry->d_name, OPEN_DIRECTORY);
			int r = inner < 0 ? -errno : remove_below(inner);

			if (r < 0)
				return r;
			if (unlinkat(directory_fd, entry->d_name, AT_REMOVEDIR) == 0 ||
			    (errno == EBUSY && remove_mount(directory_fd, entry->d_name) == 0))
				continue;
		}
		return -errno;
	}
	return 0;
}

int scratch_remove(const char *path)
{
	cleanup_close int fd = open(path, OPEN_DIRECTORY);
	int r = fd < 0 ? -errno : remove_below(fd);

	if (r < 0)
		return r;
	return rmdir(path) < 0 ? -errno : 0;
}

/* Removes from TO what is not in FROM or is of another type there. */
static int remove_strangers(int from, int to)
{
	cleanup_closedir DIR *directory = list_directory(to);
	struct dirent *entry;

	if (!directory)
		return -errno;
	while ((entry = readdir(directory))) {
		struct stat there, here;

		if (is_dot(entry->d_name) || fstatat(to, entry->d_name, &here, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (fstatat(from, entry->d_name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
		    (there.st_mode & S_IFMT) == (here.st_mode & S_IFMT) && !S_ISLNK(here.st_mode))
			continue;
		if (S_ISDIR(here.st_mode)) {
			cleanup_close int inner = openat(to, entry->d_name, OPEN_DIRECTORY);
			int r = inner < 0 ? -errno : remove_below(inner);

			if (r < 0)
				return r;
		}
		if (unlinkat(to, entry->d_name, S_ISDIR(here.st_mode) ? AT_REMOVEDIR : 0) < 0)
			return -errno;
	}
	return 0;
}

/* Copies the data of FROM, holes left holes, to TO in place. */
static int copy_data(int from, int to, off_t size)
{
	static char buffer[1 << 16];
	off_t at = 0;

	if (ftruncate(to, 0) < 0 || ftruncate(to, size) < 0)
		return -errno;
	while (at < size) {
		off_t data = lseek(from, at, SEEK_DATA);
		ssize_t count;

		if (data < 0)
			return errno == ENXIO ? 0 : -errno;
		count = pread(from, buffer, sizeof(buffer), data);
		if (count <= 0)
			return count < 0 ? -errno : 0;
		if (pwrite(to, buffer, (size_t)count, data) != count)
			return -EIO;
		at = data + count;
	}
	return 0;
}

static int copy_file(int from_directory, int to_directory, const char *name, const struct stat *status)
{
	cleanup_close int from = openat(from_directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_close int to = openat(to_directory, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	return from < 0 || to < 0 ? -errno : copy_data(from, to, status->st_size);
}

static int copy_link(int from_directory, int to_directory, const char *name)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(from_directory, name, target, sizeof(target) - 1);

	if (length < 0)
		return -errno;
	target[length] = '\0';
	return symlinkat(target, to_directory, name) < 0 ? -errno : 0;
}

static int copy_below(int from, int to);

static int copy_entry(int from, int to, const char *name, const struct stat *status)
{
	if (S_ISREG(status->st_mode))
		return copy_file(from, to, name, status);
	if (S_ISLNK(status->st_mode))
		return copy_link(from, to, name);
	if (S_ISDIR(status->st_mode)) {
		cleanup_close int inner_from = openat(from, name, OPEN_DIRECTORY);
		cleanup_close int inner_to = -EBADF;

		if (mkdirat(to, name, 0700) < 0 && errno != EEXIST)
			return -errno;
		inner_to = openat(to, name, OPEN_DIRECTORY);
		return inner_from < 0 || inner_to < 0 ? -errno : copy_below(inner_from, inner_to);
	}
	return mknodat(to, name, status->st_mode, status->st_rdev) < 0 && errno != EEXIST ? -errno : 0;
}

static int copy_attributes(int to, const char *name, const struct stat *status)
{
	const struct timespec times[] = {status->st_atim, status->st_mtim};

	if (fchownat(to, name, status->st_uid, status->st_gid, AT_SYMLINK_NOFOLLOW) < 0 ||
	    (!S_ISLNK(status->st_mode) && fchmodat(to, name, status->st_mode & 07777, 0) < 0) ||
	    utimensat(to, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return 0;
}

static int copy_below(int from, int to)
{
	cleanup_closedir DIR *directory = list_directory(from);
	struct dirent *entry;
	int r;

	if (!directory)
		return -errno;
	r = remove_strangers(from, to);
	if (r < 0)
		return r;
	while ((entry = readdir(directory))) {
		struct stat status;

		if (is_dot(entry->d_name))
			continue;
		if (fstatat(from, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
			return -errno;
		r = copy_entry(from, to, entry->d_name, &status);
		if (r == 0)
			r = copy_attributes(to, entry->d_name, &status);
		if (r < 0)
			return r;
	}
	return 0;
}

int scratch_copy(const char *from, const char *to)
{
	cleanup_close int from_fd = open(from, OPEN_DIRECTORY);
	cleanup_close int to_fd = -EBADF;
	struct stat status;
	int r;

	if (from_fd < 0 || fstat(from_fd, &status) < 0)
		return -errno;
	if (mkdir(to, 0700) < 0 && errno != EEXIST)
		return -errno;
	to_fd = open(to, OPEN_DIRECTORY);
	r = to_fd < 0 ? -errno : copy_below(from_fd, to_fd);
	return r < 0 ? r : copy_attributes(AT_FDCWD, to, &status);
}
