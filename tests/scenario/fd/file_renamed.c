/* SPDX-License-Identifier: MIT */
/* Files that were renamed or moved while open are found at their new places. */
/* not: restore-twice */
/* The reset of the scratch directory in between makes another file. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

int main(void)
{
	char text[8] = "";
	int fd = scenario_call(open("old", O_RDWR | O_CREAT, 0600));
	int moved, directory;

	scenario_call(mkdir("directory", 0755));
	directory = scenario_call(open("directory", O_RDONLY));
	moved = scenario_call(open("directory/inner", O_RDWR | O_CREAT, 0600));
	scenario_check_equal(write(fd, "old", 3), 3);
	scenario_check_equal(write(moved, "inner", 5), 5);
	scenario_call(rename("old", "new"));
	scenario_call(rename("directory", "elsewhere"));
	/* Somebody else's by the old names. */
	scenario_create("old", 0600);
	scenario_call(mkdir("directory", 0755));
	scenario_create("directory/inner", 0600);
	scenario_checkpoint();
	scenario_check_equal(pread(fd, text, 8, 0), 3);
	scenario_check(memcmp(text, "old", 3) == 0);
	scenario_check_equal(pread(moved, text, 8, 0), 5);
	scenario_check(memcmp(text, "inner", 5) == 0);
	scenario_call(unlinkat(directory, "inner", 0));
	scenario_check_equal(access("elsewhere/inner", F_OK), -1);
	scenario_call(access("directory/inner", F_OK));
	scenario_pass();
}
