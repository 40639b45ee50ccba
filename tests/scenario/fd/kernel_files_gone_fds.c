/* SPDX-License-Identifier: MIT */
/* The directory of the descriptors of a process that has ended: not even stat(2) tells of it any more. */
/* no-compare */
/* Its inode is another one, which only fdinfo shows. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenario.h"

int main(void)
{
	pid_t child = scenario_call(fork());
	int fd, path_only;
	struct stat st;
	char path[64];

	if (child == 0) {
		for (;;)
			pause();
	}
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)child);
	fd = scenario_call(open(path, O_RDONLY | O_DIRECTORY));
	path_only = scenario_call(open(path, O_PATH));
	scenario_call(kill(child, SIGKILL));
	scenario_call(waitpid(child, NULL, 0));
	scenario_checkpoint();
	scenario_check(fstat(fd, &st) < 0 && errno == ENOENT);
	scenario_check(openat(fd, "0", O_RDONLY) < 0);
	scenario_check(openat(path_only, "0", O_RDONLY) < 0);
	scenario_pass();
}
