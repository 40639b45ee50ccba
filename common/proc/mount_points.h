/* SPDX-License-Identifier: MIT */
/* Where file systems are mounted: /proc/PID/mountinfo (proc_pid_mountinfo(5)). */
#pragma once

#include <limits.h>
#include <stdint.h>

#include "common/compiler.h"
#include "common/proc/cursor.h"

#define MOUNT_POINTS_TEXT_MAX (64 * 1024 * 1024)

/* The first fields of a line: "36 35 98:0 /mnt1 /mnt2 rw,noatime ...". */
struct mount_line {
	uint64_t id, parent;
	unsigned major_number, minor_number;
	struct cursor root, path; /* escaped */
};

/* LINE is stepped on to the options. -EBADMSG if it is not what is expected. */
int must_check mount_line_parse(struct cursor *line, struct mount_line *ret);

/* Space, tab, newline and backslash are written as three octal digits. */
int must_check mount_path_unescape(struct cursor path, char ret_path[PATH_MAX]);

/*
 * The next mount of the file system with that number of the kernel's (which stat(2) need not tell of its
 * files), in TEXT, which is stepped on behind it. 1 and its path, as it can be opened from the root of the
 * process; 0: there is no other; -EBADMSG if the text is not what is expected.
 */
int must_check mount_points_next(struct cursor *text, unsigned major_number, unsigned minor_number,
				 char ret_path[PATH_MAX]);

/* Where the mount of that number is (statx(2), STATX_MNT_ID). -ENOENT if there is none. */
int must_check mount_points_find(const char *text, size_t size, uint64_t mount_id, char ret_path[PATH_MAX]);

/* The next mount of a file or directory of which that name has been deleted since; else as
 * mount_points_next(). */
int must_check mount_points_next_deleted(struct cursor *text, char ret_path[PATH_MAX]);
