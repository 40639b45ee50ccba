/* SPDX-License-Identifier: MIT */
/* Who gets the signal of a descriptor, and which, is kept: process, group, thread, or nobody. */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "scenario.h"

int main(void)
{
	struct f_owner_ex owners[] = {
		{F_OWNER_PID, getpid()},
		{F_OWNER_PGRP, getpgrp()},
		{F_OWNER_TID, gettid()},
		{F_OWNER_PID, 0},
	};
	const int signals[] = {0, SIGUSR1, SIGRTMIN + 3, SIGIO};
	struct f_owner_ex got;
	int fds[4];

	for (int i = 0; i < 4; i++) {
		fds[i] = scenario_call(open("file", O_RDWR | O_CREAT, 0600));
		if (owners[i].pid)
			scenario_call(fcntl(fds[i], F_SETOWN_EX, &owners[i]));
		scenario_call(fcntl(fds[i], F_SETSIG, signals[i]));
	}
	scenario_checkpoint();
	for (int i = 0; i < 4; i++) {
		scenario_call(fcntl(fds[i], F_GETOWN_EX, &got));
		scenario_check_equal(got.pid, owners[i].pid);
		if (got.pid)
			scenario_check_equal(got.type, owners[i].type);
		scenario_check_equal(fcntl(fds[i], F_GETSIG), signals[i]);
	}
	scenario_check_equal(fcntl(fds[0], F_GETOWN), getpid());
	scenario_pass();
}
