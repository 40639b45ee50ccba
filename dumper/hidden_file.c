/* SPDX-License-Identifier: MIT */
/* Finds out how a file that no path leads to can be found again. */
#include "dumper/hidden_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/file_handle.h"
#include "common/proc/mount_points.h"
#include "common/proc/mountinfo.h"

struct hidden {
	const struct stat *st;
	struct file_handle_value handle;
	uint64_t filesystem;
	char mount_point[PATH_MAX];
};

/* Whether the directory mount_point leads to the file system, and the handle, if any, from there to the file.
 */
static int try_mount_point(const struct hidden *hidden)
{
	cleanup_close int mount_fd = open(hidden->mount_point, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_close int fd = -EBADF;
	uint64_t filesystem;
	struct stat st;
	int r;

	/* Another mount may be in front of it. */
	if (mount_fd < 0 || filesystem_id(mount_fd, &filesystem) < 0 || filesystem != hidden->filesystem)
		return -ENOENT;
	if (hidden->handle.size == 0)
		return fstat(mount_fd, &st) == 0 && st.st_dev == hidden->st->st_dev ? 0 : -ENOENT;
	r = file_handle_open(hidden->mount_point, &hidden->handle, O_PATH, &fd);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return -errno;
	return st.st_dev == hidden->st->st_dev && st.st_ino == hidden->st->st_ino ? 0 : -ENOENT;
}

/* The mount that the file was opened by, or, if that cannot be used, any other. */
static int find_mount_point(struct hidden *hidden, int fd)
{
	cleanup_free char *text = NULL;
	unsigned major_number = major(hidden->st->st_dev), minor_number = minor(hidden->st->st_dev);
	struct statx facts = {0};
	struct cursor cursor;
	size_t size = 0;
	int found, r = file_read_at(AT_FDCWD, "/proc/self/mountinfo", MOUNT_POINTS_TEXT_MAX, &text, &size);

	if (r < 0)
		return r;
	r = -ENOENT;
	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &facts) == 0 && facts.stx_mask & STATX_MNT_ID &&
	    mount_points_find(text, size, facts.stx_mnt_id, hidden->mount_point) == 0) {
		(void)!mountinfo_find_device(text, size, facts.stx_mnt_id, &major_number, &minor_number);
		r = try_mount_point(hidden);
	}
	cursor = CURSOR(text, size);
	while (r == -ENOENT) {
		found = mount_points_next(&cursor, major_number, minor_number, hidden->mount_point);
		if (found <= 0)
			return found < 0 ? found : -ENOENT;
		r = try_mount_point(hidden);
	}
	return r;
}

int hidden_file_describe(struct dump *dump, int fd, const struct stat *st, Cr__FileHandle **ret_handle)
{
	struct hidden hidden = {.st = st};
	Cr__FileHandle *image;
	int r = file_handle_read(fd, &hidden.handle);

	if (r == 0)
		r = filesystem_id(fd, &hidden.filesystem);
	if (r == 0)
		r = find_mount_point(&hidden, fd);
	if (r < 0)
		return r;
	image = arena_new(&dump->arena, Cr__FileHandle);
	if (!image)
		return -ENOMEM;
	cr__file_handle__init(image);
	image->mount_point = arena_string(&dump->arena, hidden.mount_point);
	image->filesystem = hidden.filesystem;
	image->type = hidden.handle.type;
	image->handle = arena_bytes(&dump->arena, hidden.handle.bytes, hidden.handle.size);
	if (!image->mount_point || !image->handle.data)
		return -ENOMEM;
	*ret_handle = image;
	return 0;
}

int hidden_file_find_mount(struct dump *dump, int fd, const struct stat *st, char **ret_path)
{
	struct hidden hidden = {.st = st};
	int r = filesystem_id(fd, &hidden.filesystem);

	if (r == 0)
		r = find_mount_point(&hidden, fd);
	if (r < 0)
		return r;
	*ret_path = arena_string(&dump->arena, hidden.mount_point);
	return *ret_path ? 0 : -ENOMEM;
}

char *hidden_file_long_path(struct dump *dump, const struct stat *st)
{
	return arena_format(&dump->arena, "/(a path longer than %d bytes, inode %ju)", PATH_MAX - 1,
			    (uintmax_t)st->st_ino);
}

const char *hidden_file_obstacle(int error)
{
	switch (error) {
	case -ENOENT:
		return "no mount of its file system is in sight here";
	case -EOPNOTSUPP:
		return "its file system has no handles by which it could be found instead";
	case -EPERM:
		return "only CAP_DAC_READ_SEARCH can find it otherwise: run cr-dump as root";
	default:
		return strerror(-error);
	}
}
