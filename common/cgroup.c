/* SPDX-License-Identifier: MIT */
/* Control groups as file systems. */
#include "common/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/proc/cgroup_list.h"
#include "common/proc/mount_points.h"

#define STATE_SIZE_MAX 64

void cgroup_mounts_done(struct cgroup_mounts *mounts)
{
	free(mounts->text);
	*mounts = (struct cgroup_mounts){0};
}

/* Something else may be mounted over it. */
static bool is_cgroup_file_system(int fd, bool is_v2)
{
	struct statfs facts;

	return fstatfs(fd, &facts) == 0 && facts.f_type == (is_v2 ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC);
}

/* 1 if there is one: the first in which something can be written, else the first. */
static int find_mount(const struct cgroup_mounts *mounts, const char *controllers, const char *path,
		      int *ret_fd, const char **ret_below, bool *ret_is_read_only)
{
	struct cursor text = CURSOR(mounts->text, mounts->size);
	cleanup_free struct cgroup_mount *mount = malloc(sizeof(*mount));
	cleanup_close int found_fd = -EBADF;
	int r = mount ? 1 : -ENOMEM;

	while (r > 0 && (found_fd < 0 || *ret_is_read_only)) {
		cleanup_close int fd = -EBADF;
		const char *below;

		r = cgroup_mount_next(&text, controllers, mount);
		if (r <= 0)
			break;
		below = cgroup_path_below(path, mount->root);
		if (!below || (found_fd >= 0 && mount->is_read_only))
			continue;
		fd = open(mount->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0 || !is_cgroup_file_system(fd, !controllers[0]))
			continue;
		close_fd(&found_fd);
		found_fd = take_fd(&fd);
		*ret_below = below;
		*ret_is_read_only = mount->is_read_only;
	}
	if (r < 0)
		return r;
	*ret_fd = take_fd(&found_fd);
	return *ret_fd >= 0;
}

/* Each controller is an option without a value, and so is none. */
static int configure_v1(int fs_fd, const char *controllers)
{
	cleanup_free char *words = strdup(controllers);
	char *rest = NULL;

	if (!words)
		return -ENOMEM;
	for (char *word = strtok_r(words, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
		bool is_name = strncmp(word, "name=", 5) == 0;

		if (is_name && (syscall(SYS_fsconfig, fs_fd, FSCONFIG_SET_STRING, "name", word + 5, 0) < 0 ||
				(!strchr(controllers, ',') &&
				 syscall(SYS_fsconfig, fs_fd, FSCONFIG_SET_FLAG, "none", NULL, 0) < 0)))
			return -errno;
		if (!is_name && syscall(SYS_fsconfig, fs_fd, FSCONFIG_SET_FLAG, word, NULL, 0) < 0)
			return -errno;
	}
	return 0;
}

/* At no place; it is gone with its descriptor. */
static int mount_for_us(const char *controllers, int *ret_fd)
{
	cleanup_close int fs_fd =
		(int)syscall(SYS_fsopen, controllers[0] ? "cgroup" : "cgroup2", FSOPEN_CLOEXEC);
	int fd, r;

	if (fs_fd < 0)
		return -errno;
	r = controllers[0] ? configure_v1(fs_fd, controllers) : 0;
	if (r < 0)
		return r;
	if (syscall(SYS_fsconfig, fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	fd = (int)syscall(SYS_fsmount, fs_fd, FSMOUNT_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

int cgroup_open_hierarchy(struct cgroup_mounts *mounts, const char *controllers, const char *path,
			  int *ret_fd, const char **ret_below, bool *ret_is_read_only)
{
	int r = 0;

	*ret_is_read_only = false;
	if (!cgroup_path_is_plain(path))
		return -ENOENT;
	if (!mounts->text)
		r = file_read_at(AT_FDCWD, "/proc/self/mountinfo", MOUNT_POINTS_TEXT_MAX, &mounts->text,
				 &mounts->size);
	if (r == 0)
		r = find_mount(mounts, controllers, path, ret_fd, ret_below, ret_is_read_only);
	if (r != 0)
		return MIN(r, 0);
	*ret_below = cgroup_path_below(path, "/");
	r = mount_for_us(controllers, ret_fd);
	return r == -ENOMEM || r == 0 ? r : -ENOENT;
}

const char *cgroup_hierarchy_name(const char *controllers)
{
	return controllers[0] ? controllers : "v2";
}

/* Whether it is to be frozen is asked, not whether all its tasks are yet. */
int cgroup_find_frozen(int group_fd, bool is_v2, int *ret_fd)
{
	cleanup_close int fd = openat(group_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	while (fd >= 0 && is_cgroup_file_system(fd, is_v2)) {
		cleanup_free char *text = NULL;
		int above, r;

		r = file_read_at(fd, is_v2 ? "cgroup.freeze" : "freezer.self_freezing", STATE_SIZE_MAX, &text,
				 NULL);
		if (r == -ENOENT) /* the root, or a kernel before Linux 5.2 */
			return 0;
		if (r < 0)
			return r;
		if (text[0] == '1') {
			*ret_fd = take_fd(&fd);
			return 1;
		}
		above = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		close_fd(&fd);
		fd = above;
	}
	return fd < 0 ? -errno : 0;
}
