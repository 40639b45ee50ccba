/* SPDX-License-Identifier: MIT */
/* Files of /proc of a child that has ended and not been waited for: what is left of it tells of it, and what
 * told of its memory, which could not be opened any more, tells of nobody. */
/* no-compare */
/* What cannot be opened any more has the number of another process. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenario.h"

static const char *const of_memory[] = {"mem", "maps", "smaps", "pagemap", "environ", "numa_maps"};
#define COUNT (sizeof(of_memory) / sizeof(of_memory[0]))

int main(void)
{
	int fds[COUNT], directory, stat;
	char path[64], state[64] = "", number[16];
	pid_t child = scenario_call(fork());
	siginfo_t info;

	if (child == 0) {
		for (;;)
			pause();
	}
	snprintf(path, sizeof(path), "/proc/%d", (int)child);
	snprintf(number, sizeof(number), "%d ", (int)child);
	directory = scenario_call(open(path, O_RDONLY | O_DIRECTORY));
	stat = scenario_call(openat(directory, "stat", O_RDONLY));
	for (size_t i = 0; i < COUNT; i++)
		fds[i] = openat(directory, of_memory[i], O_RDONLY | O_CLOEXEC); /* the kernel may lack it */
	scenario_call(kill(child, SIGKILL));
	scenario_call(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT));
	scenario_checkpoint();
	scenario_check(read(stat, state, sizeof(state) - 1) > 0);
	scenario_check(strncmp(state, number, strlen(number)) == 0 && strstr(state, ") Z "));
	scenario_call(faccessat(directory, "fd", F_OK, 0));
	for (size_t i = 0; i < COUNT; i++) {
		if (fds[i] < 0)
			continue;
		scenario_check(read(fds[i], state, 8) <= 0);
		scenario_check_equal(fcntl(fds[i], F_GETFD), FD_CLOEXEC);
	}
	scenario_call(waitpid(child, NULL, 0));
	scenario_check(faccessat(directory, "fd", F_OK, 0) < 0);
	scenario_pass();
}
