/* SPDX-License-Identifier: MIT */
/* Process id, group, session and, without a terminal, the lack of one are kept. */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "scenario.h"

static volatile sig_atomic_t count;

static void on_signal(int number)
{
	(void)number;
	count++;
}

int main(void)
{
	pid_t pid = getpid(), thread = gettid();

	scenario_check(getpgrp() == pid && getsid(0) == pid);
	scenario_checkpoint();
	scenario_check_equal(getpid(), pid);
	scenario_check_equal(gettid(), thread);
	scenario_check_equal(getpgrp(), pid);
	scenario_check_equal(getsid(0), pid);
	scenario_check_equal(setsid(), -1); /* a leader cannot */
	scenario_check_equal(open("/dev/tty", O_RDWR), -1);
	scenario_check(signal(SIGUSR1, on_signal) != SIG_ERR);
	scenario_call(kill(-pid, SIGUSR1));
	scenario_check_equal(count, 1);
	scenario_pass();
}
