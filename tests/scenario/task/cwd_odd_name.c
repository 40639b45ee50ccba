/* SPDX-License-Identifier: MIT */
/* The working directory is found again whatever bytes its name has. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

static const char name[] = "a \n\\012 'b' \"c\" \xff (deleted)";

int main(void)
{
	char before[4096], after[4096];
	int fd;

	scenario_call(mkdir(name, 0700));
	scenario_call(chdir(name));
	fd = scenario_call(open("inside", O_WRONLY | O_CREAT, 0600));
	scenario_call(close(fd));
	scenario_check(getcwd(before, sizeof(before)));
	scenario_checkpoint();
	scenario_check(getcwd(after, sizeof(after)));
	scenario_check(strcmp(before, after) == 0);
	scenario_call(access("inside", F_OK));
	scenario_call(chdir(".."));
	scenario_call(access(name, F_OK));
	scenario_pass();
}
