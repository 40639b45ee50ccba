/* SPDX-License-Identifier: MIT */
/* POSIX locks are those of the process: a child sees them, and they go when any descriptor of the file is
 * closed. */
/* dump-options: --file-locks */
/* restore-options: --file-locks */
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenario.h"

#define COUNT 5

static const struct {
	short type;
	off_t start, length;
} ranges[COUNT] = {
	{F_WRLCK, 0, 1},         {F_RDLCK, 10, 90}, {F_WRLCK, 1000, 1}, {F_RDLCK, 2000, 1LL << 40},
	{F_WRLCK, 1LL << 50, 0},
};

/* What the kernel tells another process about the byte at START: the type of its lock. */
static int ask(int fd, off_t start, pid_t holder)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = start, .l_len = 1};

	if (fcntl(fd, F_GETLK, &lock) < 0)
		return -1;
	return lock.l_type != F_UNLCK && lock.l_pid != holder ? -1 : lock.l_type;
}

/* In a child, as the own locks are not told. Returns the line that is wrong, or 0. */
static int check_in_child(int fd, bool expect_any)
{
	pid_t parent = getpid(), pid = scenario_call(fork());
	int status;

	if (pid == 0) {
		for (int i = 0; i < COUNT; i++)
			if (ask(fd, ranges[i].start, parent) != (expect_any ? ranges[i].type : F_UNLCK))
				_exit(i + 1);
		if (ask(fd, 1, parent) != F_UNLCK || ask(fd, 100, parent) != F_UNLCK)
			_exit(COUNT + 1);
		_exit(0);
	}
	scenario_check_equal(waitpid(pid, &status, 0), pid);
	scenario_check(WIFEXITED(status));
	return WEXITSTATUS(status);
}

int main(void)
{
	int fd = scenario_call(open("file", O_RDWR | O_CREAT, 0600)), other;

	for (int i = 0; i < COUNT; i++) {
		struct flock lock = {.l_type = ranges[i].type,
				     .l_whence = SEEK_SET,
				     .l_start = ranges[i].start,
				     .l_len = ranges[i].length};

		scenario_call(fcntl(fd, F_SETLK, &lock));
	}
	scenario_check_equal(check_in_child(fd, true), 0);
	scenario_checkpoint();
	scenario_check_equal(check_in_child(fd, true), 0);
	other = scenario_call(open("file", O_RDONLY));
	close(other);
	scenario_check_equal(check_in_child(fd, false), 0);
	scenario_pass();
}
