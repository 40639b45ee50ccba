/* SPDX-License-Identifier: MIT */
/* A program that runs from a sealed memfd, which is still open for writing, runs on from it. */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "scenario.h"

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

extern char **environ;

int main(int argc, char **argv)
{
	char path[PATH_MAX] = "";
	int fd;

	if (argc == 1) {
		char *const arguments[] = {argv[0], (char *)"again", NULL};

		fd = scenario_call(memfd_create("program", MFD_ALLOW_SEALING));
		scenario_copy_program(fd);
		scenario_call(fcntl(fd, F_ADD_SEALS, SEALS));
		scenario_call(dup2(fd, 20));
		scenario_call(fexecve(20, arguments, environ));
	}
	scenario_checkpoint();
	scenario_check_equal(fcntl(20, F_GET_SEALS), SEALS);
	scenario_check_equal(fcntl(20, F_GETFL) & O_ACCMODE, O_RDWR);
	scenario_call(readlink("/proc/self/exe", path, sizeof(path) - 1));
	scenario_check(strcmp(path, "/memfd:program (deleted)") == 0);
	scenario_check_equal(pread(20, path, 4, 0), 4);
	scenario_check(memcmp(path, "\177ELF", 4) == 0);
	scenario_pass();
}
