/* SPDX-License-Identifier: MIT */
/* A working directory that the process could not enter any more is its working directory still. */
/* needs: root */
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

int main(void)
{
	struct stat before, after;

	scenario_call(mkdir("closed", 0700));
	scenario_call(mkdir("closed/inner", 0755));
	scenario_call(chdir("closed/inner"));
	scenario_call(stat(".", &before));
	scenario_call(syscall(SYS_setresgid, 65534, 65534, 65534));
	scenario_call(syscall(SYS_setresuid, 65534, 65534, 65534));
	scenario_check_equal(chdir("../inner"), -1);
	scenario_checkpoint();
	scenario_call(stat(".", &after));
	scenario_check_equal(after.st_ino, before.st_ino);
	scenario_check_equal(chdir("../inner"), -1);
	scenario_pass();
}
