/* SPDX-License-Identifier: MIT */
/* Open files of the namespaces that the program is in are of these again. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

/* ioctl_nsfs(2) */
#define GET_TYPE _IO(0xb7, 0x3)

static const char *const names[] = {"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"};
#define COUNT (sizeof(names) / sizeof(names[0]))

int main(void)
{
	int fds[COUNT], flags[COUNT], types[COUNT];
	struct stat open_one, own;
	char path[64];

	for (size_t i = 0; i < COUNT; i++) {
		snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		fds[i] = open(path, O_RDONLY | (i % 2 ? O_CLOEXEC : 0));
		if (fds[i] < 0)
			continue;
		flags[i] = scenario_call(fcntl(fds[i], F_GETFL));
		types[i] = scenario_call(ioctl(fds[i], GET_TYPE));
	}
	scenario_checkpoint();
	for (size_t i = 0; i < COUNT; i++) {
		if (fds[i] < 0)
			continue;
		snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		scenario_call(stat(path, &own));
		scenario_call(fstat(fds[i], &open_one));
		scenario_check(own.st_ino == open_one.st_ino && own.st_dev == open_one.st_dev);
		scenario_check_equal(fcntl(fds[i], F_GETFL), flags[i]);
		scenario_check_equal(fcntl(fds[i], F_GETFD), i % 2 ? FD_CLOEXEC : 0);
		scenario_check_equal(ioctl(fds[i], GET_TYPE), types[i]);
	}
	scenario_pass();
}
