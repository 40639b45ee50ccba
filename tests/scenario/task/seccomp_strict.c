/* SPDX-License-Identifier: MIT */
/* A process in strict seccomp mode, which may only read, write and exit, goes on doing just that. */
#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

static bool is_strict(pid_t pid)
{
	char path[32], line[128];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	while (file && !found && fgets(line, sizeof(line), file))
		found = strcmp(line, "Seccomp:\t1\n") == 0;
	if (file)
		fclose(file);
	return found;
}

/* The program itself may not announce any more that it is where it should be. */
static void announce(pid_t pid)
{
	while (!is_strict(pid))
		scenario_sleep_ms(1);
	scenario_announce();
}

/* It can open nothing later, so the files of the agreement with the runner are open before. */
int main(void)
{
	const char *status = getenv("SCENARIO_PASS_STATUS");
	long pass = status ? atoi(status) : 0;
	int go = scenario_call(open("go.1", O_RDONLY | O_CREAT, 0644));
	int result = scenario_call(open("result", O_WRONLY | O_CREAT | O_APPEND, 0644));
	char byte;

	scenario_start_helper(announce);
	scenario_call(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0));
	while (syscall(SYS_read, go, &byte, 1) == 0)
		for (volatile int i = 0; i < 100000; i++)
			;
	syscall(SYS_write, result, byte == 'g' ? "pass" : "fail: what was that", byte == 'g' ? 4 : 20);
	syscall(SYS_exit, pass);
	return 1;
}
