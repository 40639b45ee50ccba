/* SPDX-License-Identifier: MIT */
/* Where file systems are mounted. */
#include "common/proc/mount_points.h"

#include <errno.h>

/* Space, tab, newline and backslash are written as three octal digits. */
static int unescape(struct cursor path, char ret_path[PATH_MAX])
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

struct mount_line {
	uint64_t id, parent;
	unsigned major_number, minor_number;
	struct cursor root, path;
};

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime ..." */
static int parse_line(struct cursor *line, struct mount_line *ret)
{
	if (cursor_u64(line, 10, &ret->id) < 0 || cursor_u64(line, 10, &ret->parent) < 0 ||
	    cursor_u32(line, 10, &ret->major_number) < 0 || !cursor_skip(line, ":") ||
	    cursor_u32(line, 10, &ret->minor_number) < 0 || !cursor_word(line, &ret->root) ||
	    !cursor_word(line, &ret->path))
		return -EBADMSG;
	return 0;
}

int mount_points_next(struct cursor *text, unsigned major_number, unsigned minor_number,
		      char ret_path[PATH_MAX])
{
	struct cursor line;

	while (cursor_line(text, &line)) {
		struct mount_line mount = {0};
		int r = parse_line(&line, &mount);

		if (r < 0)
			return r;
		if (mount.major_number != major_number || mount.minor_number != minor_number)
			continue;
		r = unescape(mount.path, ret_path);
		return r < 0 ? r : 1;
	}
	return 0;
}

int mount_points_find(const char *text, size_t size, uint64_t mount_id, char ret_path[PATH_MAX])
{
	struct cursor cursor = CURSOR(text, size), line;

	while (cursor_line(&cursor, &line)) {
		struct mount_line mount = {0};
		int r = parse_line(&line, &mount);

		if (r < 0)
			return r;
		if (mount.id == mount_id)
			return unescape(mount.path, ret_path);
	}
	return -ENOENT;
}
