/* SPDX-License-Identifier: MIT */
/* Terminals that announce input by a signal: to the owner that was set, and to the one that the kernel chose.
 */
#include <signal.h>

#include "terminal.h"

static volatile sig_atomic_t chosen, kernel_chosen, chosen_fd;

static void count(int signal, siginfo_t *info, void *context)
{
	(void)context;
	if (signal == SIGIO) {
		kernel_chosen++;
		return;
	}
	chosen_fd = info->si_fd;
	chosen++;
}

static void make_async(int fd)
{
	scenario_call(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC));
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = count, .sa_flags = SA_SIGINFO | SA_RESTART};
	struct f_owner_ex owner = {.type = F_OWNER_TID, .pid = getpid()}, before, after;
	struct pair set, other;

	sigaction(SIGIO, &action, NULL);
	sigaction(SIGRTMIN, &action, NULL);
	pair_open(&set);
	make_raw(set.slave);
	scenario_call(fcntl(set.slave, F_SETOWN_EX, &owner));
	scenario_call(fcntl(set.slave, F_SETSIG, SIGRTMIN));
	make_async(set.slave);
	pair_open(&other);
	make_raw(other.slave);
	make_async(other.master);
	scenario_call(fcntl(other.master, F_GETOWN_EX, &before));
	scenario_checkpoint();
	PUT(set.master, "x");
	while (!chosen)
		scenario_sleep_ms(1);
	scenario_check_equal(chosen_fd, set.slave);
	scenario_call(fcntl(other.master, F_GETOWN_EX, &after));
	scenario_check(before.type == after.type && before.pid == after.pid);
	PUT(other.slave, "y");
	while (!kernel_chosen)
		scenario_sleep_ms(1);
	scenario_pass();
}
