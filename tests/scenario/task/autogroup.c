/* SPDX-License-Identifier: MIT */
/* A session keeps its nice value as a whole (/proc/PID/autogroup, sched(7)), and another beside it its own.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenario.h"

#define FILE_NAME "/proc/self/autogroup"

static void choose(const char *nice)
{
	int fd = scenario_call(open(FILE_NAME, O_WRONLY));

	/* The kernel takes one change in a tenth of a second. */
	while (write(fd, nice, strlen(nice)) < 0) {
		scenario_check_equal(errno, EAGAIN);
		scenario_sleep_ms(10);
	}
	scenario_call(close(fd));
}

static int chosen(void)
{
	char text[64] = "";
	int fd = scenario_call(open(FILE_NAME, O_RDONLY)), nice = -100;

	scenario_call(read(fd, text, sizeof(text) - 1));
	scenario_call(close(fd));
	(void)sscanf(text, "/autogroup-%*u nice %d", &nice);
	return nice;
}

int main(void)
{
	int status, down[2], up[2];
	char byte;
	pid_t child;

	if (access(FILE_NAME, W_OK) < 0 || chosen() == -100)
		scenario_skip("this kernel has no autogroups");
	scenario_call(pipe(down));
	scenario_call(pipe(up));
	choose("7");
	child = scenario_call(fork());
	if (child == 0) {
		scenario_call(setsid());
		choose("3");
		scenario_check_equal(write(up[1], "x", 1), 1);
		scenario_check_equal(read(down[0], &byte, 1), 1);
		scenario_check_equal(chosen(), 3);
		_exit(EXIT_SUCCESS);
	}
	scenario_check_equal(read(up[0], &byte, 1), 1);
	scenario_checkpoint();
	scenario_check_equal(chosen(), 7);
	scenario_check_equal(write(down[1], "x", 1), 1);
	scenario_call(waitpid(child, &status, 0));
	scenario_check_equal(status, 0);
	scenario_pass();
}
