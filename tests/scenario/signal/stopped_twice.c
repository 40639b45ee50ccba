/* SPDX-License-Identifier: MIT */
/*
 * Children that were sent SIGSTOP again while they were stopped, the process or a thread of it, so that one
 * is pending: they are stopped after the restore, their parent is told once, and one SIGCONT makes them go
 * on.
 */
/* no-compare */
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenario.h"

enum { TO_PROCESS, TO_THREAD, TO_PROCESS_UNTOLD, COUNT };

static void *wait_for_end(void *unused)
{
	scenario_join();
	return unused;
}

static pid_t make_child(void)
{
	pid_t pid = scenario_fork();
	pthread_t thread;

	if (pid > 0)
		return pid;
	scenario_check(pthread_create(&thread, NULL, wait_for_end, NULL) == 0);
	scenario_mark("ready %d", getpid());
	scenario_check(pthread_join(thread, NULL) == 0);
	_exit(7);
}

int main(void)
{
	pid_t children[COUNT];
	siginfo_t info;
	int status;

	for (int i = 0; i < COUNT; i++) {
		children[i] = make_child();
		scenario_await("ready %d", children[i]);
		scenario_call(kill(children[i], SIGSTOP));
		scenario_call(waitid(P_PID, (id_t)children[i], &info,
				     WSTOPPED | (i == TO_PROCESS_UNTOLD ? WNOWAIT : 0)));
		if (i == TO_THREAD)
			scenario_call(syscall(SYS_tgkill, children[i], children[i], SIGSTOP));
		else
			scenario_call(kill(children[i], SIGSTOP));
	}
	scenario_checkpoint();
	for (int i = 0; i < COUNT; i++) {
		pid_t told = scenario_call(waitpid(children[i], &status, WUNTRACED | WNOHANG));

		scenario_check_equal(told, i == TO_PROCESS_UNTOLD ? children[i] : 0);
		scenario_check_equal(waitpid(children[i], &status, WUNTRACED | WNOHANG), 0);
		scenario_call(kill(children[i], SIGCONT));
		scenario_reap(children[i], 7);
	}
	scenario_pass();
}
