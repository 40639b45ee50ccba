/* SPDX-License-Identifier: MIT */
/* Threads that wait to read from a signalfd, or poll it, go on waiting; its mask can be changed still. */
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>

#include "waiters.h"

static int first, second, third;

static int do_read(void)
{
	struct signalfd_siginfo info;

	return read(first, &info, sizeof(info)) == sizeof(info) && info.ssi_signo == SIGUSR1;
}

static int do_poll(void)
{
	struct pollfd poll_fd = {.fd = second, .events = POLLIN};

	return poll(&poll_fd, 1, -1) == 1 && poll_fd.revents == POLLIN;
}

static int do_read_later(void)
{
	struct signalfd_siginfo info;

	return read(third, &info, sizeof(info)) == sizeof(info) && info.ssi_signo == SIGHUP;
}

static struct waiter waiters[] = {
	{.wait = do_read, .number = SYS_read},
	{.wait = do_poll, .number = SYS_poll},
	{.wait = do_read_later, .number = SYS_read},
};

static int make(int signal)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	scenario_call(sigprocmask(SIG_BLOCK, &set, NULL));
	return scenario_call(signalfd(-1, &set, 0));
}

int main(void)
{
	sigset_t set;

	first = make(SIGUSR1);
	second = make(SIGUSR2);
	third = make(SIGWINCH);
	make(SIGHUP);
	waiters_start(waiters, 3);
	scenario_checkpoint();
	waiters_check_waiting(waiters, 3);
	scenario_call(kill(getpid(), SIGUSR1));
	waiters_join(waiters, 1);
	waiters_check_waiting(waiters + 1, 2);
	scenario_call(kill(getpid(), SIGUSR2));
	waiters_join(waiters + 1, 1);
	scenario_call(kill(getpid(), SIGHUP));
	waiters_check_waiting(waiters + 2, 1);
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	scenario_check_equal(signalfd(third, &set, 0), third);
	waiters_join(waiters + 2, 1);
	scenario_pass();
}
