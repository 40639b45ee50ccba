/* SPDX-License-Identifier: MIT */
/* pidfds of oneself, of a child that lives, of one that has ended, and of one that is gone are of the same
 * again. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenario.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif
#define PIDFD_NONBLOCK_FLAG O_NONBLOCK

/* ioctl_pidfd(2), Linux 6.15 */
struct info {
	uint64_t mask, cgroup_id;
	uint32_t ids[11];
	int32_t exit_status;
};
#define GET_INFO _IOWR(0xFF, 11, struct info)
#define INFO_EXIT 8

static int open_pidfd(pid_t pid, unsigned int flags)
{
	return (int)scenario_call(syscall(SYS_pidfd_open, pid, flags));
}

static pid_t start(int status)
{
	pid_t pid = scenario_call(fork());

	if (pid > 0)
		return pid;
	if (status >= 0)
		_exit(status);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

static int ready(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	scenario_call(poll(&poll_fd, 1, 0));
	return poll_fd.revents;
}

/* How its process ended, -1 if the kernel does not tell. */
static int exit_status(int fd)
{
	struct info info = {.mask = INFO_EXIT};

	return ioctl(fd, GET_INFO, &info) == 0 && info.mask & INFO_EXIT ? info.exit_status : -1;
}

static void wait_ended(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	scenario_check_equal(poll(&poll_fd, 1, 10000), 1);
}

int main(void)
{
	int self, alive, ended, gone, gone_again, killed, statuses[2], flags;
	pid_t zombie = start(3), child = start(-1), reaped = start(7), victim = start(-1);
	struct stat first, second;
	siginfo_t info = {0};

	self = open_pidfd(getpid(), 0);
	alive = open_pidfd(child, PIDFD_NONBLOCK_FLAG);
	flags = scenario_call(fcntl(alive, F_GETFL));
	ended = open_pidfd(zombie, 0);
	gone = open_pidfd(reaped, 0);
	gone_again = open_pidfd(reaped, 0);
	killed = open_pidfd(victim, 0);
	wait_ended(ended);
	wait_ended(gone);
	scenario_call(kill(victim, SIGUSR2));
	scenario_check_equal(waitpid(reaped, NULL, 0), reaped);
	scenario_check_equal(waitpid(victim, NULL, 0), victim);
	statuses[0] = exit_status(gone);
	statuses[1] = exit_status(killed);
	scenario_checkpoint();
	scenario_check_equal(fcntl(alive, F_GETFL), flags);
	scenario_check_equal(ready(self), 0);
	scenario_check_equal(ready(alive), 0);
	scenario_check_equal(ready(ended), POLLIN);
	scenario_check_equal(ready(gone), POLLIN | POLLHUP);
	scenario_check_equal(ready(killed), POLLIN | POLLHUP);
	scenario_check_equal(exit_status(gone), statuses[0]);
	scenario_check_equal(exit_status(killed), statuses[1]);
	scenario_call(fstat(gone, &first));
	scenario_call(fstat(gone_again, &second));
	scenario_check(first.st_ino == second.st_ino);
	scenario_check(syscall(SYS_pidfd_send_signal, gone, 0, NULL, 0) == -1 && errno == ESRCH);
	scenario_check(waitid(P_PIDFD, (id_t)gone, &info, WEXITED) == -1 && errno == ECHILD);
	scenario_call(waitid(P_PIDFD, (id_t)ended, &info, WEXITED));
	scenario_check_equal(info.si_pid, zombie);
	scenario_check_equal(info.si_status, 3);
	scenario_check_equal(ready(ended), POLLIN | POLLHUP);
	scenario_check(waitid(P_PIDFD, (id_t)alive, &info, WEXITED) == -1 && errno == EAGAIN);
	scenario_call(syscall(SYS_pidfd_send_signal, self, 0, NULL, 0));
	scenario_call(syscall(SYS_pidfd_send_signal, alive, SIGUSR1, NULL, 0));
	wait_ended(alive);
	scenario_call(waitid(P_PIDFD, (id_t)alive, &info, WEXITED));
	scenario_check_equal(info.si_pid, child);
	scenario_check_equal(info.si_code, CLD_KILLED);
	scenario_check_equal(info.si_status, SIGUSR1);
	scenario_pass();
}
