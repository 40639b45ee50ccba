/* SPDX-License-Identifier: MIT */
/* Threads that wait for the end of a child by its pidfd, with waitid, poll and epoll, are told of it. */
/* not: stop */
/* SIGCONT ends an epoll_wait with EINTR, signal(7). */
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "waiters.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

static int fds[3], epoll;

static int do_wait(void)
{
	siginfo_t info = {0};

	return waitid(P_PIDFD, (id_t)fds[0], &info, WEXITED) == 0 && info.si_status == SIGTERM;
}

static int do_poll(void)
{
	struct pollfd poll_fd = {.fd = fds[1], .events = POLLIN};

	return poll(&poll_fd, 1, -1) == 1 && poll_fd.revents == POLLIN;
}

static int do_epoll(void)
{
	struct epoll_event event;

	return epoll_wait(epoll, &event, 1, -1) == 1 && event.data.u64 == 5 && event.events == EPOLLIN;
}

static struct waiter waiters[] = {
	{.wait = do_wait, .number = SYS_waitid},
	{.wait = do_poll, .number = SYS_poll},
	{.wait = do_epoll, .number = SYS_epoll_wait},
};

int main(void)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = 5};

	for (int i = 0; i < 3; i++) {
		pid_t pid = scenario_call(fork());

		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				pause();
		}
		fds[i] = (int)scenario_call(syscall(SYS_pidfd_open, pid, 0));
	}
	epoll = scenario_call(epoll_create1(0));
	scenario_call(epoll_ctl(epoll, EPOLL_CTL_ADD, fds[2], &event));
	waiters_start(waiters, 3);
	scenario_checkpoint();
	waiters_check_waiting(waiters, 3);
	for (int i = 0; i < 3; i++)
		scenario_call(syscall(SYS_pidfd_send_signal, fds[i], SIGTERM, NULL, 0));
	waiters_join(waiters, 3);
	for (int i = 0; i < 2; i++)
		scenario_call(waitpid(-1, NULL, 0));
	scenario_pass();
}
