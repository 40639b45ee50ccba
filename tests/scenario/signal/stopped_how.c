/* SPDX-License-Identifier: MIT */
/* A parent is told by which signal of job control a child was stopped, once, whether before the dump or only
 * after it. Every other child has several threads. */
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenario.h"

static const int signals[] = {SIGTSTP, SIGTTIN, SIGTTOU, SIGSTOP};

#define COUNT 4

static void *wait_for_end(void *unused)
{
	for (;;)
		pause();
	return unused;
}

int main(void)
{
	pid_t children[2 * COUNT];
	siginfo_t info;
	int status;

	for (int i = 0; i < 2 * COUNT; i++) {
		children[i] = scenario_call(fork());
		if (children[i] == 0) {
			pthread_t thread;

			setpgid(0, 0);
			for (int k = 0; k < i % 2 * 3; k++)
				scenario_check(pthread_create(&thread, NULL, wait_for_end, NULL) == 0);
			raise(signals[i % COUNT]);
			_exit(i);
		}
		info.si_pid = 0;
		scenario_call(waitid(P_PID, (id_t)children[i], &info, WSTOPPED | WNOWAIT));
		scenario_check_equal(info.si_status, signals[i % COUNT]);
	}
	/* The second half is told now. */
	for (int i = COUNT; i < 2 * COUNT; i++)
		scenario_check_equal(waitpid(children[i], &status, WUNTRACED), children[i]);
	scenario_checkpoint();
	for (int i = 0; i < 2 * COUNT; i++) {
		pid_t told = scenario_call(waitpid(children[i], &status, WUNTRACED | WNOHANG));

		scenario_check_equal(told, i < COUNT ? children[i] : 0);
		if (told != 0)
			scenario_check(WIFSTOPPED(status) && WSTOPSIG(status) == signals[i]);
	}
	/* One that was told only after the restore is not told again. */
	scenario_sleep_ms(20);
	scenario_check_equal(waitpid(-1, &status, WUNTRACED | WNOHANG), 0);
	for (int i = 0; i < 2 * COUNT; i++) {
		scenario_call(kill(children[i], SIGCONT));
		scenario_check_equal(waitpid(children[i], &status, 0), children[i]);
		scenario_check(WIFEXITED(status) && WEXITSTATUS(status) == i);
	}
	scenario_pass();
}
