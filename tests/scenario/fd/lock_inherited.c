/* SPDX-License-Identifier: MIT */
/* A lock that a parent took is shared with the child that inherited the open file, and is gone only with
 * both. */
/* dump-options: --file-locks */
/* restore-options: --file-locks */
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenario.h"

static bool is_locked(const char *name)
{
	int fd = scenario_call(open(name, O_RDWR));
	bool is_free = flock(fd, LOCK_EX | LOCK_NB) == 0;

	close(fd);
	return !is_free;
}

int main(void)
{
	int fd = scenario_call(open("file", O_RDWR | O_CREAT, 0600)), status;
	struct flock posix = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 1, .l_len = 2};
	pid_t child;

	scenario_call(flock(fd, LOCK_EX));
	scenario_call(fcntl(fd, F_SETLK, &posix));
	child = scenario_call(fork());
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		posix.l_start = 10;
		if (fcntl(fd, F_SETLK, &posix) < 0)
			_exit(1);
		pause();
		_exit(0);
	}
	/* Until it has its own lock. */
	posix = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 2};
	while (fcntl(fd, F_GETLK, &posix) == 0 && posix.l_type == F_UNLCK) {
		posix.l_type = F_WRLCK;
		scenario_sleep_ms(1);
	}
	scenario_checkpoint();
	posix = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 0};
	scenario_call(fcntl(fd, F_GETLK, &posix));
	scenario_check_equal(posix.l_type, F_WRLCK);
	scenario_check_equal(posix.l_pid, child);
	scenario_check_equal(posix.l_start, 10);
	scenario_call(close(fd));
	scenario_check(is_locked("file"));
	scenario_call(kill(child, SIGKILL));
	scenario_check_equal(waitpid(child, &status, 0), child);
	scenario_check(!is_locked("file"));
	scenario_pass();
}
