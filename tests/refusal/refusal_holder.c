/* SPDX-License-Identifier: MIT */
/* refusal_holder PID FD: shares the descriptor FD of the process PID, says so, and sleeps. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int pidfd, fd;

	if (argc < 3)
		return EXIT_FAILURE;
	pidfd = (int)syscall(SYS_pidfd_open, atoi(argv[1]), 0);
	fd = (int)syscall(SYS_pidfd_getfd, pidfd, atoi(argv[2]), 0);
	if (pidfd < 0 || fd < 0) {
		perror("refusal_holder");
		return EXIT_FAILURE;
	}
	close(pidfd);
	printf("%d\n", fd);
	fflush(stdout);
	for (;;)
		pause();
}
