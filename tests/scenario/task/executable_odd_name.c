/* SPDX-License-Identifier: MIT */
/* A program whose file has an odd name, and was renamed while it ran, is found again by its present one. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "scenario.h"

static const char first_name[] = "first name";
static const char name[] = "a\nprogram \\ (deleted)";

static void copy_self(void)
{
	int to = scenario_call(open(first_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755));

	scenario_copy_program(to);
	close(to);
}

int main(int argc, char **argv)
{
	char before[4096] = "", after[4096] = "";

	if (argc == 1) {
		copy_self();
		scenario_call(execl(first_name, argv[0], "again", (char *)NULL));
	}
	scenario_call(rename(first_name, name));
	scenario_call(readlink("/proc/self/exe", before, sizeof(before) - 1));
	scenario_check(strstr(before, name));
	scenario_checkpoint();
	scenario_call(readlink("/proc/self/exe", after, sizeof(after) - 1));
	scenario_check(strcmp(before, after) == 0);
	scenario_check(strcmp(argv[1], "again") == 0);
	scenario_pass();
}
