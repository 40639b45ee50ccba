/* SPDX-License-Identifier: MIT */
/* A working directory whose path is longer than a system call takes. */
/* needs: root */
/* not: restore-twice */
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

#define DEPTH 25

int main(void)
{
	char name[201], here[PATH_MAX];
	struct stat before, after;

	memset(name, 'd', 200);
	name[200] = '\0';
	scenario_check(getcwd(here, sizeof(here)));
	scenario_set_directory(here);
	for (int i = 0; i < DEPTH; i++) {
		scenario_call(mkdir(name, 0755));
		scenario_call(chdir(name));
	}
	scenario_call(stat(".", &before));
	scenario_checkpoint();
	scenario_call(stat(".", &after));
	scenario_check_equal(before.st_ino, after.st_ino);
	for (int i = 0; i < DEPTH; i++) {
		scenario_call(chdir(".."));
		scenario_call(rmdir(name));
	}
	scenario_call(stat(here, &before));
	scenario_call(stat(".", &after));
	scenario_check_equal(before.st_ino, after.st_ino);
	scenario_pass();
}
