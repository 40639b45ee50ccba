/* SPDX-License-Identifier: MIT */
/* A program whose file has been replaced by another version, as by an update, goes on with its own. */
/* no-compare */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

static void make(const char *name)
{
	int fd = scenario_call(open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755));

	scenario_copy_program(fd);
	close(fd);
}

int main(int argc, char **argv)
{
	struct stat before, after, running;

	if (argc == 1) {
		make("program");
		scenario_call(execl("./program", argv[0], "again", (char *)NULL));
	}
	make("program.new");
	scenario_call(truncate("program.new", 100));
	scenario_call(rename("program.new", "program"));
	scenario_call(stat("program", &before));
	scenario_checkpoint();
	scenario_call(stat("program", &after));
	scenario_check_equal(after.st_ino, before.st_ino);
	scenario_check_equal(after.st_size, 100);
	scenario_call(stat("/proc/self/exe", &running));
	scenario_check(running.st_size > 100);
	scenario_check_equal(running.st_nlink, 0);
	scenario_call(access("/proc/self/exe", X_OK));
	scenario_pass();
}
