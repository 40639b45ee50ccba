/* SPDX-License-Identifier: MIT */
/* Open files of /proc and /sys are those of the same things again, at their positions, and tell what is true
 * then. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

#define POLLED "/sys/kernel/mm/transparent_hugepage/enabled"

static const struct {
	const char *path;
	int flags;
	off_t position;
} kinds[] = {
	{"/proc/self/status", O_RDONLY, 10},
	{"/proc/self/maps", O_RDONLY | O_CLOEXEC, 100},
	{"/proc/self/oom_score_adj", O_RDWR, 0},
	{"/proc/self/mem", O_RDWR, 4096},
	{"/proc/self/environ", O_RDONLY, 3},
	{"/proc/self/net/dev", O_RDONLY, 0},
	{"/proc/self", O_RDONLY | O_DIRECTORY, 0},
	{"/proc/self/fd", O_RDONLY | O_DIRECTORY, 0},
	{"/proc/self/exe", O_PATH | O_NOFOLLOW, 0},
	{"/proc/thread-self/comm", O_RDONLY, 2},
	{"/proc/meminfo", O_RDONLY | O_NONBLOCK, 50},
	{"/proc/sys/kernel/ostype", O_RDONLY, 3},
	{"/proc", O_RDONLY | O_DIRECTORY, 0},
	{"/sys", O_PATH, 0},
	{"/sys/kernel", O_RDONLY, 0},
	{POLLED, O_RDONLY, 5},
	{POLLED, O_RDONLY, 0},
};
#define COUNT (sizeof(kinds) / sizeof(kinds[0]))

static int changed(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLPRI};

	scenario_call(poll(&poll_fd, 1, 0));
	return poll_fd.revents & POLLPRI;
}

static void check_link(int fd, const char *expected)
{
	char path[64], link[256];
	ssize_t size;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	size = scenario_call(readlink(path, link, sizeof(link) - 1));
	link[size] = '\0';
	if (strcmp(link, expected) != 0)
		scenario_fail("'%s' instead of '%s'", link, expected);
}

int main(void)
{
	int fds[COUNT], flags[COUNT], changes[2];
	volatile int secret = 4711;
	char buffer[128], links[COUNT][64];
	int value;

	for (size_t i = 0; i < COUNT; i++) {
		char path[64];
		ssize_t size;

		fds[i] = open(kinds[i].path, kinds[i].flags);
		if (fds[i] < 0 && errno == ENOENT)
			continue;
		scenario_call(fds[i]);
		flags[i] = scenario_call(fcntl(fds[i], F_GETFL));
		if (kinds[i].position == 4096)
			scenario_call(lseek(fds[i], (off_t)&secret, SEEK_SET));
		else if (kinds[i].position > 0)
			scenario_check(read(fds[i], buffer, (size_t)kinds[i].position) == kinds[i].position);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[i]);
		size = scenario_call(readlink(path, links[i], sizeof(links[i]) - 1));
		links[i][size] = '\0';
	}
	for (int i = 0; i < 2; i++)
		changes[i] = fds[COUNT - 2] < 0 ? 0 : changed(fds[COUNT - 2 + (size_t)i]);
	scenario_checkpoint();
	for (size_t i = 0; i < COUNT; i++) {
		if (fds[i] < 0)
			continue;
		scenario_check_equal(fcntl(fds[i], F_GETFL), flags[i]);
		scenario_check_equal(fcntl(fds[i], F_GETFD), kinds[i].flags & O_CLOEXEC ? FD_CLOEXEC : 0);
		check_link(fds[i], links[i]);
		if (kinds[i].position > 0 && kinds[i].position != 4096)
			scenario_check_equal(lseek(fds[i], 0, SEEK_CUR), kinds[i].position);
	}
	scenario_check_equal(read(fds[3], &value, sizeof(value)), sizeof(value));
	scenario_check_equal(value, 4711);
	value = 4712;
	scenario_check_equal(pwrite(fds[3], &value, sizeof(value), (off_t)&secret), sizeof(value));
	scenario_check_equal(secret, 4712);
	/* Read on from the middle, or from the start. */
	scenario_check_equal(read(fds[11], buffer, 10), 3);
	scenario_check(memcmp(buffer, "ux\n", 3) == 0);
	scenario_call(lseek(fds[0], 0, SEEK_SET));
	scenario_check(read(fds[0], buffer, sizeof(buffer)) > 20);
	scenario_check(memcmp(buffer, "Name:\tkernel_files\n", 19) == 0);
	scenario_check_equal(write(fds[2], "7", 1), 1);
	scenario_check_equal(pread(fds[2], buffer, 10, 0), 2);
	scenario_check(buffer[0] == '7');
	scenario_check(openat(fds[6], "stat", O_RDONLY) >= 0);
	for (int i = 0; i < 2 && fds[COUNT - 2] >= 0; i++)
		scenario_check_equal(changed(fds[COUNT - 2 + (size_t)i]), changes[i]);
	scenario_pass();
}
