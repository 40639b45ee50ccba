/* SPDX-License-Identifier: MIT */
/*
 * A parent is told that a child goes on after a stop (WCONTINUED), whether before the dump or only after it,
 * and but once. A child that has the SIGCONT blocked keeps it.
 */
/* not: stop */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenario.h"

/* Told, to be told, to be told with a SIGCONT that waits, never stopped. */
enum { TOLD, UNTOLD, UNTOLD_BLOCKED, NEVER, COUNT };

static pid_t make_child(int kind)
{
	pid_t pid = scenario_fork();
	sigset_t set;
	int number;

	if (pid > 0)
		return pid;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	if (kind == UNTOLD_BLOCKED)
		sigaddset(&set, SIGCONT);
	scenario_call(sigprocmask(SIG_BLOCK, &set, NULL));
	scenario_mark("ready %d", getpid());
	sigdelset(&set, SIGCONT);
	scenario_check(sigwait(&set, &number) == 0);
	scenario_call(sigpending(&set));
	scenario_check_equal(sigismember(&set, SIGCONT), kind == UNTOLD_BLOCKED);
	_exit(10 + kind);
}

int main(void)
{
	pid_t children[COUNT];
	siginfo_t info;
	sigset_t set;
	int status;

	for (int i = 0; i < COUNT; i++) {
		children[i] = make_child(i);
		scenario_await("ready %d", children[i]);
		if (i == NEVER)
			continue;
		scenario_call(kill(children[i], SIGSTOP));
		scenario_check_equal(waitpid(children[i], &status, WUNTRACED), children[i]);
		scenario_call(kill(children[i], SIGCONT));
		scenario_call(
			waitid(P_PID, (id_t)children[i], &info, WCONTINUED | (i == TOLD ? 0 : WNOWAIT)));
		scenario_check_equal(info.si_code, CLD_CONTINUED);
	}
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	scenario_call(sigprocmask(SIG_BLOCK, &set, NULL));
	scenario_checkpoint();
	scenario_call(sigpending(&set));
	scenario_check_equal(sigismember(&set, SIGCHLD), 0);
	for (int i = 0; i < COUNT; i++) {
		bool is_untold = i == UNTOLD || i == UNTOLD_BLOCKED;

		info.si_pid = 0;
		scenario_call(waitid(P_PID, (id_t)children[i], &info, WCONTINUED | WSTOPPED | WNOHANG));
		scenario_check_equal(info.si_pid, is_untold ? children[i] : 0);
		if (is_untold)
			scenario_check_equal(info.si_code, CLD_CONTINUED);
		info.si_pid = 0;
		scenario_call(waitid(P_PID, (id_t)children[i], &info, WCONTINUED | WSTOPPED | WNOHANG));
		scenario_check_equal(info.si_pid, 0);
		scenario_call(kill(children[i], SIGUSR1));
		scenario_reap(children[i], 10 + i);
	}
	scenario_pass();
}
