/* SPDX-License-Identifier: MIT */
/* Finds the path of a file of which only the inode is known. */
#include "dumper/watched_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/file_handle.h"
#include "common/proc/mount_points.h"
#include "dumper/other_name.h"

/* -ESTALE: there is no such file any more. */
static int open_handle(const struct watched_file *file, const char *mount_point, int *ret_fd)
{
	struct file_handle_value handle = {.type = file->handle_type, .size = file->handle_size};

	memcpy(handle.bytes, file->handle, file->handle_size);
	return file_handle_open(mount_point, &handle, O_PATH, ret_fd);
}

/* What the kernel says of an open file. */
static int find_path(struct dump *dump, int fd, struct watched_place *place)
{
	cleanup_free char *path = NULL;
	char link[32];
	int r;

	if (fstat(fd, &place->stat) < 0)
		return -errno;
	place->is_deleted = place->stat.st_nlink == 0;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	r = file_readlink_at(AT_FDCWD, link, &path);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	if (place->is_deleted || file_leads_to(path, &place->stat) != 1)
		return 0;
	place->path = arena_string(&dump->arena, path);
	return place->path ? 0 : -ENOMEM;
}

int watched_mounts_read(struct watched_mounts *ret)
{
	return file_read_at(AT_FDCWD, "/proc/self/mountinfo", MOUNT_POINTS_TEXT_MAX, &ret->text, &ret->size);
}

void watched_mounts_done(struct watched_mounts *mounts)
{
	free(mounts->text);
	*mounts = (struct watched_mounts){0};
}

typedef int find_below(struct dump *dump, const struct watched_file *file, const char *mount_point,
		       struct watched_place *place);

/* The mounts of the file's file system, one after the other until STEP has found a place. */
static int for_each_mount(struct dump *dump, const struct watched_mounts *mounts,
			  const struct watched_file *file, struct watched_place *place, find_below *step)
{
	struct cursor cursor = CURSOR(mounts->text, mounts->size);
	char path[PATH_MAX];
	int r;

	while ((r = mount_points_next(&cursor, file->major_number, file->minor_number, path)) > 0) {
		r = step(dump, file, path, place);
		if (r < 0 || place->path || place->is_deleted)
			return r;
	}
	return r;
}

static int find_by_handle(struct dump *dump, const struct watched_file *file, const char *mount_point,
			  struct watched_place *place)
{
	cleanup_close int fd = -EBADF;

	/* A mount that is no directory or out of reach; a file system that cannot: others may do. */
	if (open_handle(file, mount_point, &fd) < 0)
		return 0;
	return find_path(dump, fd, place);
}

/* What stat(2) will most likely tell of it. */
static void guess_stat(const struct watched_file *file, struct watched_place *place)
{
	if (place->stat.st_ino != 0)
		return;
	place->stat.st_dev = makedev(file->major_number, file->minor_number);
	place->stat.st_ino = file->inode;
}

/* Of the file itself, now that a path leads there. */
static int take_path(struct dump *dump, const char *path, struct watched_place *place)
{
	if (lstat(path, &place->stat) < 0)
		return 0;
	place->path = arena_string(&dump->arena, path);
	return place->path ? 0 : -ENOMEM;
}

/* In the directory, below it and around. */
static int search_near(struct dump *dump, const char *directory, struct watched_place *place)
{
	cleanup_free char *start = string_format("%s/.", strcmp(directory, "/") == 0 ? "" : directory);
	cleanup_free char *found = NULL;
	int r = start ? other_name_find(start, &place->stat, &found) : -ENOMEM;

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	return file_leads_to(found, &place->stat) == 1 ? take_path(dump, found, place) : 0;
}

/* By the number that the kernel itself has for it, where that is another. */
static int search_overlay(struct dump *dump, const char *mount_point, struct watched_place *place)
{
	cleanup_free char *found = NULL;
	struct statfs filesystem;
	int r;

	if (statfs(mount_point, &filesystem) < 0 || filesystem.f_type != OVERLAYFS_SUPER_MAGIC)
		return 0;
	r = other_name_find_by_number(mount_point, &place->stat, &found);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	return take_path(dump, found, place);
}

static int find_by_search(struct dump *dump, const struct watched_file *file, const char *mount_point,
			  struct watched_place *place)
{
	int r;

	guess_stat(file, place);
	if (file_leads_to(mount_point, &place->stat) == 1)
		return take_path(dump, mount_point, place);
	r = search_near(dump, mount_point, place);
	return r < 0 || place->path ? r : search_overlay(dump, mount_point, place);
}

int watched_file_find(struct dump *dump, const struct watched_mounts *mounts, const struct process *process,
		      const struct watched_file *file, struct watched_place *ret_place)
{
	struct watched_place place = {0};
	cleanup_free char *directory = NULL;
	int r = file->handle_size > 0 ? for_each_mount(dump, mounts, file, &place, find_by_handle) : 0;

	if (r == 0 && !place.path && !place.is_deleted &&
	    file_readlink_at(process->proc_fd, "cwd", &directory) == 0) {
		guess_stat(file, &place);
		r = search_near(dump, directory, &place);
	}
	if (r == 0 && !place.path && !place.is_deleted)
		r = for_each_mount(dump, mounts, file, &place, find_by_search);
	if (r == 0)
		*ret_place = place;
	return r;
}
