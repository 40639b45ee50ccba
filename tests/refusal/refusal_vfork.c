/* SPDX-License-Identifier: MIT */
/* Is in vfork(2) for a long time: its child waits until it is killed, having made the file FILE. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <signal.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc != 2)
		return EXIT_FAILURE;
	/* The compiler knows what a child of vfork(2) may do, and warns of the rest. */
	if (vfork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (open(argv[1], O_CREAT | O_WRONLY | O_CLOEXEC, 0600) < 0)
			_exit(EXIT_FAILURE);
		for (;;)
			pause();
	}
	return EXIT_SUCCESS;
}
