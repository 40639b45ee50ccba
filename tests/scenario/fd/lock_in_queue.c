/* SPDX-License-Identifier: MIT */
/* Locks of open files that nobody has, but that are on their way through a socket: they are held, and go with
 * the files. */
/* dump-options: --file-locks */
/* restore-options: --file-locks */
#include <fcntl.h>
#include <sys/file.h>

#include "unix_sockets.h"

static int lock_range(int fd)
{
	struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 20};

	return fcntl(fd, F_OFD_SETLK, &range);
}

int main(void)
{
	int pair[2], fds[2], other;

	scenario_call(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	scenario_create("file", 0600);
	fds[0] = scenario_call(open("file", O_RDWR));
	fds[1] = scenario_call(open(".", O_TMPFILE | O_RDWR, 0600));
	scenario_call(flock(fds[0], LOCK_EX));
	scenario_call(lock_range(fds[0]));
	scenario_call(flock(fds[1], LOCK_SH));
	unix_send_fds(pair[0], "locked", fds, 2);
	scenario_call(close(fds[0]));
	scenario_call(close(fds[1]));
	scenario_checkpoint();
	other = scenario_call(open("file", O_RDWR));
	scenario_check(flock(other, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK);
	scenario_check(lock_range(other) < 0 && errno == EAGAIN);
	unix_receive_fds(pair[1], "locked", fds, 2);
	scenario_check(flock(other, LOCK_SH | LOCK_NB) < 0);
	scenario_call(close(fds[0]));
	scenario_call(flock(other, LOCK_EX | LOCK_NB));
	scenario_call(lock_range(other));
	scenario_call(flock(fds[1], LOCK_EX | LOCK_NB));
	scenario_pass();
}
