/* SPDX-License-Identifier: MIT */
/* A restored process can fork(2), exec(2) and wait(2) as before, and its children's pids are new ones. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenario.h"

int main(void)
{
	int status;

	scenario_checkpoint();
	for (int i = 0; i < 5; i++) {
		pid_t child = scenario_call(fork());

		if (child == 0) {
			if (i % 2)
				execl("/bin/true", "true", (char *)NULL);
			if (i == 4)
				raise(SIGKILL);
			_exit(i == 0 ? 7 : 0);
		}
		scenario_check(child != getpid());
		scenario_check_equal(waitpid(child, &status, 0), child);
		if (i == 4)
			scenario_check(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		else
			scenario_check(WIFEXITED(status) && WEXITSTATUS(status) == (i == 0 ? 7 : 0));
	}
	scenario_check_equal(wait(&status), -1);
	scenario_check_equal(errno, ECHILD);
	scenario_pass();
}
