/* SPDX-License-Identifier: MIT */
/* Files of debugfs, tracefs and securityfs that are read, and a directory of bpf. */
/* needs: root cap_sys_admin */
/* not: restore-twice */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

static const char *const types[] = {"debugfs", "tracefs", "securityfs", "bpf", "configfs"};
#define TYPES_COUNT (sizeof(types) / sizeof(types[0]))

/* A file that can be read, in a directory or in the first below; -1: none. */
static int open_file(const char *directory)
{
	static const char *const names[] = {"README", "available_tracers", "lsm", "sleep_time"};
	char path[64];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		if (access(path, R_OK) == 0)
			return open(path, O_RDONLY);
	}
	return -1;
}

int main(void)
{
	int directories[TYPES_COUNT], files[TYPES_COUNT];
	bool has_any = false;
	struct stat before[TYPES_COUNT], after;
	char byte;

	for (size_t i = 0; i < TYPES_COUNT; i++) {
		scenario_call(mkdir(types[i], 0755));
		directories[i] = files[i] = -1;
		if (mount("none", types[i], types[i], 0, NULL) < 0)
			continue;
		has_any = true;
		directories[i] = scenario_call(open(types[i], O_RDONLY | O_DIRECTORY));
		scenario_call(fstat(directories[i], &before[i]));
		files[i] = open_file(types[i]);
		if (files[i] >= 0)
			scenario_check_equal(read(files[i], &byte, 1), 1);
	}
	if (!has_any)
		scenario_skip("none of them can be mounted");
	scenario_checkpoint();
	for (size_t i = 0; i < TYPES_COUNT; i++) {
		if (directories[i] >= 0) {
			scenario_call(fstat(directories[i], &after));
			scenario_check_equal(before[i].st_ino, after.st_ino);
			scenario_check_equal(before[i].st_dev, after.st_dev);
		}
		if (files[i] >= 0) {
			scenario_check_equal(lseek(files[i], 0, SEEK_CUR), 1);
			scenario_check_equal(pread(files[i], &byte, 1, 0), 1);
		}
	}
	scenario_pass();
}
