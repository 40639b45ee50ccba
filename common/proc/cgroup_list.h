/* SPDX-License-Identifier: MIT */
/*
 * The cgroups of a task: /proc/PID/cgroup (cgroups(7)), a line for each hierarchy. And where the hierarchies
 * are mounted: /proc/PID/mountinfo.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>

#include "common/compiler.h"
#include "common/proc/cursor.h"

/* The kernel has one hierarchy for each controller at most, and named ones: it gives no more ids. */
#define CGROUP_HIERARCHIES_MAX 64
#define CGROUP_LIST_TEXT_MAX ((size_t)CGROUP_HIERARCHIES_MAX * (PATH_MAX + 256))

struct cgroup_line {
	/* "cpu,cpuacct", "name=systemd" for a hierarchy without controllers; empty for cgroup v2. */
	struct cursor controllers;
	/* From the root of our cgroup namespace: "/", "/a/b", or "/../x" for what is not below it. */
	struct cursor path;
};

/* 1 and the next line of TEXT, which is stepped on behind it; 0 at the end, -EBADMSG. */
int must_check cgroup_list_next(struct cursor *text, struct cgroup_line *ret_line);

/* One that is mounted. */
struct cgroup_mount {
	char path[PATH_MAX];
	char root[PATH_MAX]; /* the cgroup that is its root, as in struct cgroup_line */
	bool is_read_only;
};

/*
 * The next mount of the hierarchy of CONTROLLERS in the text of mountinfo, which is stepped on behind it: 1,
 * 0 if there is no other, or -EBADMSG.
 */
int must_check cgroup_mount_next(struct cursor *text, const char *controllers, struct cgroup_mount *ret);

/* What PATH is below ROOT: "." for the same, else without a first slash; NULL if it is not below it. Borrowed
 * from PATH. */
const char *cgroup_path_below(const char *path, const char *root);

/* Whether it is one of the root's own, and of plain names: no "..", no empty name, no newline. */
bool cgroup_path_is_plain(const char *path);
