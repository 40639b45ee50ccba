/* SPDX-License-Identifier: MIT */
/* Traces the process PID, without stopping it, until it is killed: refusal_tracer PID. Prints a line when it
 * does. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc != 2 || ptrace(PTRACE_SEIZE, (pid_t)atoi(argv[1]), 0, 0) < 0) {
		perror("refusal_tracer");
		return EXIT_FAILURE;
	}
	puts("tracing");
	fflush(stdout);
	for (;;)
		pause();
}
