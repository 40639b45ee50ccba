/* SPDX-License-Identifier: MIT */
/* A signalfd that was inherited reads the signals of who reads: parent and child each get their own. */
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenario.h"

static void check_own(int fd, int value)
{
	struct signalfd_siginfo info;

	scenario_check_equal(read(fd, &info, sizeof(info)), sizeof(info));
	scenario_check_equal(info.ssi_signo, SIGRTMIN);
	scenario_check_equal(info.ssi_int, value);
	scenario_check(read(fd, &info, sizeof(info)) == -1 && errno == EAGAIN);
}

int main(void)
{
	sigset_t set;
	pid_t child;
	int fd, status;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	scenario_call(sigprocmask(SIG_BLOCK, &set, NULL));
	fd = scenario_call(signalfd(-1, &set, SFD_NONBLOCK));
	child = scenario_call(fork());
	if (child == 0) {
		while (access("go.1", F_OK) < 0)
			scenario_sleep_ms(5);
		check_own(fd, 2);
		_exit(0);
	}
	scenario_call(sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 1}));
	scenario_call(sigqueue(child, SIGRTMIN, (union sigval){.sival_int = 2}));
	scenario_wait_blocked(child, SYS_clock_nanosleep);
	scenario_checkpoint();
	check_own(fd, 1);
	scenario_check_equal(waitpid(child, &status, 0), child);
	scenario_check_equal(status, 0);
	scenario_pass();
}
