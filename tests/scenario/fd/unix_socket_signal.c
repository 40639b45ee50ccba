/* SPDX-License-Identifier: MIT */
/* A socket that sends signals when something comes does so afterwards, and not before. */
#include <signal.h>

#include "unix_sockets.h"

static volatile sig_atomic_t signals, number_in_signal;

static void count(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	signals++;
	number_in_signal = info->si_fd;
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = count, .sa_flags = SA_SIGINFO | SA_RESTART};
	int pair[2], listener;

	scenario_call(sigaction(SIGRTMIN, &action, NULL));
	scenario_call(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair));
	listener = unix_listen(SOCK_STREAM, "listener", 3);
	unix_say(pair[1], "old");
	for (int i = 0; i < 2; i++) {
		int fd = i ? listener : pair[0];

		scenario_call(fcntl(fd, F_SETOWN, getpid()));
		scenario_call(fcntl(fd, F_SETSIG, SIGRTMIN));
		scenario_call(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC));
	}

	scenario_checkpoint();
	scenario_check_equal(signals, 0);
	scenario_check_equal(fcntl(pair[0], F_GETFL), O_RDWR | O_NONBLOCK | O_ASYNC);
	unix_say(pair[1], "new");
	scenario_check_equal(signals, 1);
	scenario_check_equal(number_in_signal, pair[0]);
	unix_hear(pair[0], "oldnew");
	unix_client(SOCK_STREAM, "listener");
	scenario_check(signals > 1);
	scenario_check_equal(number_in_signal, listener);
	scenario_pass();
}
