/* SPDX-License-Identifier: MIT */
/*
 * Cgroups for scenarios: in hierarchies that are mounted for a descriptor alone, so that no mount has to be
 * found or left. KIND is "" for cgroup v2, a controller of cgroup v1, or "name=..." for a hierarchy of its
 * own, which is there for as long as a group is in it. No descriptor stays open.
 */
#pragma once

#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

/* A name that no other run has. */
static inline void groups_name(char *buffer, size_t size)
{
	snprintf(buffer, size, "crscenario-%lld", (long long)scenario_now_ns(CLOCK_BOOTTIME));
}

/* And of a hierarchy without controllers. */
static inline void groups_kind(char *buffer, size_t size)
{
	snprintf(buffer, size, "name=crscenario%lld", (long long)scenario_now_ns(CLOCK_BOOTTIME));
}

/* -1 if this host does not have it so. */
static inline int groups_try_open(const char *kind)
{
	int fs_fd = (int)syscall(SYS_fsopen, *kind ? "cgroup" : "cgroup2", FSOPEN_CLOEXEC), fd = -1;
	int r = fs_fd < 0 ? -1 : 0;

	if (r == 0 && strncmp(kind, "name=", 5) == 0)
		r = (int)syscall(SYS_fsconfig, fs_fd, FSCONFIG_SET_STRING, "name", kind + 5, 0) |
		    (int)syscall(SYS_fsconfig, fs_fd, FSCONFIG_SET_FLAG, "none", NULL, 0);
	else if (r == 0 && *kind)
		r = (int)syscall(SYS_fsconfig, fs_fd, FSCONFIG_SET_FLAG, kind, NULL, 0);
	if (r == 0)
		r = (int)syscall(SYS_fsconfig, fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	if (r == 0)
		fd = (int)syscall(SYS_fsmount, fs_fd, FSMOUNT_CLOEXEC, 0);
	close(fs_fd);
	return fd;
}

static inline int groups_open(const char *kind)
{
	int fd = groups_try_open(kind);

	if (fd < 0)
		scenario_skip("there is no cgroup hierarchy '%s' here: %s", kind, strerror(errno));
	return fd;
}

/* Writes TEXT to the file NAME of GROUP, "." for the root; 0 or -1. */
static inline int groups_write(const char *kind, const char *group, const char *name, const char *text)
{
	int root_fd = groups_open(kind), fd;
	char path[512];
	long written = -1;

	snprintf(path, sizeof(path), "%s/%s", group, name);
	fd = openat(root_fd, path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0)
		written = write(fd, text, strlen(text));
	close(fd);
	close(root_fd);
	return written < 0 ? -1 : 0;
}

static inline void groups_make(const char *kind, const char *group)
{
	int root_fd = groups_open(kind);

	scenario_call(mkdirat(root_fd, group, 0755));
	close(root_fd);
}

static inline void groups_remove(const char *kind, const char *group)
{
	int root_fd = groups_open(kind);

	scenario_call(unlinkat(root_fd, group, AT_REMOVEDIR));
	close(root_fd);
}

/* What the file NAME of GROUP holds, without the newline. */
static inline void groups_read(const char *kind, const char *group, const char *name, char *buffer,
			       size_t size)
{
	int root_fd = groups_open(kind), fd;
	char path[512];
	long count;

	snprintf(path, sizeof(path), "%s/%s", group, name);
	fd = scenario_call(openat(root_fd, path, O_RDONLY | O_CLOEXEC));
	count = scenario_call(read(fd, buffer, size - 1));
	buffer[count] = '\0';
	buffer[strcspn(buffer, "\n")] = '\0';
	close(fd);
	close(root_fd);
}

/* The calling process. */
static inline void groups_join(const char *kind, const char *group)
{
	scenario_call(groups_write(kind, group, "cgroup.procs", "0"));
}

static inline bool groups_has_kind(const char *kind)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	char line[4096];
	bool has_it = false;

	scenario_check(file);
	while (fgets(line, sizeof(line), file))
		has_it |= strstr(line, kind) != NULL;
	fclose(file);
	return has_it;
}

/*
 * Ends a hierarchy of its own. When the last mount goes the kernel does that, some time later, but not if it
 * has not forgotten yet the groups that were removed. Then it takes another mount; one that comes too early
 * would only make it anew.
 */
static inline void groups_end_kind(const char *kind)
{
	for (int i = 0; groups_has_kind(kind); i++) {
		scenario_check(i < 500);
		if (i % 100 == 99)
			close(groups_try_open(kind));
		scenario_sleep_ms(10);
	}
}

/* The calling thread must be in GROUP. */
static inline void groups_check(const char *kind, const char *group)
{
	FILE *file = fopen("/proc/thread-self/cgroup", "re");
	char line[4096], *path = NULL;

	scenario_check(file);
	while (!path && fgets(line, sizeof(line), file)) {
		char *controllers = strchr(line, ':') + 1;
		char *end = strchr(controllers, ':');

		*end = '\0';
		if (strcmp(controllers, kind) == 0)
			path = end + 1;
	}
	fclose(file);
	if (!path)
		scenario_fail("it is in no hierarchy '%s'", kind);
	path[strcspn(path, "\n")] = '\0';
	if (path[0] != '/' || strcmp(path + 1, group) != 0)
		scenario_fail("it is in the cgroup '%s' (%s), not '/%s'", path, kind, group);
}
