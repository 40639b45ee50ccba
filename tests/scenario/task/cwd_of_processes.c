/* SPDX-License-Identifier: MIT */
/* Working directories in /proc: of the process itself, and of a child that has ended. */
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenario.h"

static void work_in_own(void)
{
	char before[PATH_MAX], after[PATH_MAX];

	scenario_call(chdir("/proc/self/task"));
	scenario_check(getcwd(before, sizeof(before)));
	scenario_mark("child");
	scenario_join();
	scenario_check(getcwd(after, sizeof(after)));
	scenario_check(strcmp(before, after) == 0);
	_exit(0);
}

int main(void)
{
	char path[PATH_MAX];
	pid_t gone, child;

	scenario_check(getcwd(path, sizeof(path)));
	scenario_set_directory(path);
	child = scenario_fork();
	if (child == 0)
		work_in_own();
	gone = scenario_fork();
	if (gone == 0) {
		for (;;)
			pause();
	}
	snprintf(path, sizeof(path), "/proc/%d", (int)gone);
	scenario_call(chdir(path));
	scenario_call(kill(gone, SIGKILL));
	scenario_call(waitpid(gone, NULL, 0));
	scenario_check(!getcwd(path, sizeof(path)) && errno == ENOENT);
	scenario_await("child");
	scenario_checkpoint();
	scenario_check(!getcwd(path, sizeof(path)) && errno == ENOENT);
	scenario_check(open("stat", O_RDONLY) < 0);
	scenario_reap(child, 0);
	scenario_pass();
}
