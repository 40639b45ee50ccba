/* SPDX-License-Identifier: MIT */
/* Locks of open file descriptions (F_OFD_SETLK) stay with theirs, and meet POSIX locks of the same process.
 */
/* dump-options: --file-locks */
/* restore-options: --file-locks */
#include <fcntl.h>
#include <unistd.h>

#include "scenario.h"

static bool lock(int fd, int command, short type, off_t start, off_t length)
{
	struct flock range = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};

	if (fcntl(fd, command, &range) == 0)
		return true;
	if (errno != EAGAIN)
		scenario_fail("lock: %s", strerror(errno));
	return false;
}

int main(void)
{
	int first = scenario_call(open("file", O_RDWR | O_CREAT, 0600));
	int second = scenario_call(open("file", O_RDWR)), third = scenario_call(open("file", O_RDWR));
	int copy = scenario_call(dup(first));

	scenario_check(lock(first, F_OFD_SETLK, F_WRLCK, 0, 10));
	scenario_check(lock(first, F_OFD_SETLK, F_RDLCK, 20, 0));
	scenario_check(lock(second, F_OFD_SETLK, F_RDLCK, 20, 10));
	scenario_check(lock(third, F_SETLK, F_WRLCK, 12, 3));
	scenario_checkpoint();
	scenario_check(!lock(second, F_OFD_SETLK, F_RDLCK, 5, 1));
	scenario_check(!lock(second, F_SETLK, F_RDLCK, 9, 1));
	scenario_check(lock(second, F_OFD_SETLK, F_RDLCK, 10, 1));
	scenario_check(!lock(second, F_OFD_SETLK, F_RDLCK, 12, 1));
	scenario_check(!lock(second, F_OFD_SETLK, F_WRLCK, 1 << 30, 1));
	scenario_check(lock(second, F_OFD_SETLK, F_RDLCK, 1 << 30, 1));
	scenario_check(lock(copy, F_OFD_SETLK, F_RDLCK, 0, 10));
	scenario_check(lock(second, F_OFD_SETLK, F_RDLCK, 5, 1));
	close(first);
	scenario_check(!lock(second, F_OFD_SETLK, F_WRLCK, 5, 1));
	close(copy);
	scenario_check(lock(second, F_OFD_SETLK, F_WRLCK, 5, 1));
	scenario_pass();
}
