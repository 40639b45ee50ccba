/* SPDX-License-Identifier: MIT */
/* A process that is the reaper of its descendants' orphans gets those made after the restore. */
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenario.h"

int main(void)
{
	int is_reaper = 0, status, count = 0;
	pid_t child;

	scenario_call(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
	scenario_checkpoint();
	scenario_call(prctl(PR_GET_CHILD_SUBREAPER, &is_reaper, 0, 0, 0));
	scenario_check_equal(is_reaper, 1);
	child = scenario_call(fork());
	if (child == 0) {
		if (fork() == 0)
			usleep(20000);
		_exit(0);
	}
	while (wait(&status) > 0)
		count++;
	scenario_check_equal(count, 2);
	scenario_pass();
}
