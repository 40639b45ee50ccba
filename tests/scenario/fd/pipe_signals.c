/* SPDX-License-Identifier: MIT */
/* An end that asks for signals (O_ASYNC, F_SETOWN, F_SETSIG) gets them when something happens, and none
 * before. */
#include <signal.h>

#include "pipes.h"

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
	struct pipe_pair pair = pipes_make(O_NONBLOCK), full = pipes_make(O_NONBLOCK);
	sigset_t mask;

	sigemptyset(&mask);
	scenario_call(sigaction(SIGRTMIN, &action, NULL));
	pipes_write_filled(full.write_fd, 65536, 1);
	pipes_write(pair.write_fd, "old", 3);
	scenario_call(fcntl(pair.read_fd, F_SETOWN, getpid()));
	scenario_call(fcntl(pair.read_fd, F_SETSIG, SIGRTMIN));
	scenario_call(fcntl(pair.read_fd, F_SETFL, O_ASYNC | O_NONBLOCK));
	scenario_call(fcntl(full.write_fd, F_SETOWN, getpid()));
	scenario_call(fcntl(full.write_fd, F_SETSIG, SIGRTMIN));
	scenario_call(fcntl(full.write_fd, F_SETFL, O_ASYNC | O_NONBLOCK));

	scenario_checkpoint();
	scenario_check_equal(signals, 0);
	scenario_check_equal(fcntl(pair.read_fd, F_GETOWN), getpid());
	scenario_check_equal(fcntl(pair.read_fd, F_GETFL), O_RDONLY | O_ASYNC | O_NONBLOCK);
	pipes_write(pair.write_fd, "new", 3);
	scenario_check_equal(signals, 1);
	scenario_check_equal(number_in_signal, pair.read_fd);
	pipes_read_text(pair.read_fd, "oldnew");
	pipes_read_filled(full.read_fd, 65536, 65536, 1);
	scenario_check(signals > 1);
	scenario_check_equal(number_in_signal, full.write_fd);
	scenario_pass();
}
