/* SPDX-License-Identifier: MIT */
/* Where file systems are mounted. */
#include "common/proc/mount_points.h"

#include <errno.h>
#include <string.h>

int mount_path_unescape(struct cursor path, char ret_path[PATH_MAX])
{
	size_t size = 0;

	while (!cursor_is_empty(&path)) {
		char byte = *path.at++;

		if (size + 1 >= PATH_MAX)
			return -EBADMSG;
		if (byte == '\\') {
			unsigned value = 0;

			for (int i = 0; i < 3; i++) {
				if (cursor_is_empty(&path) || *path.at < '0' || *path.at > '7')
					return -EBADMSG;
				value = value * 8 + (unsigned)(*path.at++ - '0');
			}
			byte = (char)value;
		}
		if (byte == '\0')
			return -EBADMSG;
		ret_path[size++] = byte;
	}
	ret_path[size] = '\0';
	return 0;
}

int mount_line_parse(struct cursor *line, struct mount_line *ret)
{
	if (cursor_u64(line, 10, &ret->id) < 0 || cursor_u64(line, 10, &ret->parent) < 0 ||
	    cursor_u32(line, 10, &ret->major_number) < 0 || !cursor_skip(line, ":") ||
	    cursor_u32(line, 10, &ret->minor_number) < 0 || !cursor_word(line, &ret->root) ||
	    !cursor_word(line, &ret->path))
		return -EBADMSG;
	return 0;
}

/* 1, or 0 at the end. */
static int next_line(struct cursor *text, struct mount_line *ret)
{
	struct cursor line;
	int r;

	if (!cursor_line(text, &line))
		return 0;
	r = mount_line_parse(&line, ret);
	return r < 0 ? r : 1;
}

int mount_points_next(struct cursor *text, unsigned major_number, unsigned minor_number,
		      char ret_path[PATH_MAX])
{
	struct mount_line mount;
	int r;

	while ((r = next_line(text, &mount)) > 0)
		if (mount.major_number == major_number && mount.minor_number == minor_number)
			return (r = mount_path_unescape(mount.path, ret_path)) < 0 ? r : 1;
	return r;
}

static bool is_deleted(const struct cursor *root)
{
	static const char mark[] = "//deleted";
	size_t size = (size_t)(root->end - root->at);

	return size > strlen(mark) && memcmp(root->end - strlen(mark), mark, strlen(mark)) == 0;
}

int mount_points_next_deleted(struct cursor *text, char ret_path[PATH_MAX])
{
	struct mount_line mount;
	int r;

	while ((r = next_line(text, &mount)) > 0)
		if (is_deleted(&mount.root))
			return (r = mount_path_unescape(mount.path, ret_path)) < 0 ? r : 1;
	return r;
}

int mount_points_find(const char *text, size_t size, uint64_t mount_id, char ret_path[PATH_MAX])
{
	struct cursor cursor = CURSOR(text, size);
	struct mount_line mount;
	int r;

	while ((r = next_line(&cursor, &mount)) > 0)
		if (mount.id == mount_id)
			return mount_path_unescape(mount.path, ret_path);
	return r < 0 ? r : -ENOENT;
}
