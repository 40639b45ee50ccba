/* SPDX-License-Identifier: MIT */
/* After a chroot(2) the root, the working directory inside and files opened inside and outside are kept. */
/* needs: cap_sys_chroot */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

int main(void)
{
	struct stat outside, root, after;
	char text[8] = "", path[64];
	int fd, outer;

	outer = scenario_call(open("/dev/null", O_RDWR));
	scenario_call(mkdir("inner", 0755));
	scenario_call(stat("/", &outside));
	scenario_call(chroot("."));
	scenario_set_directory("/");
	scenario_call(chdir("/inner"));
	fd = scenario_call(open("/inner/file", O_RDWR | O_CREAT, 0600));
	scenario_check_equal(write(fd, "inside", 6), 6);
	scenario_call(stat("/", &root));
	scenario_checkpoint();
	scenario_call(stat("/", &after));
	scenario_check_equal(after.st_ino, root.st_ino);
	scenario_check(after.st_ino != outside.st_ino || after.st_dev != outside.st_dev);
	scenario_check(getcwd(path, sizeof(path)) && strcmp(path, "/inner") == 0);
	scenario_check_equal(pread(fd, text, 7, 0), 6);
	scenario_check(strcmp(text, "inside") == 0);
	scenario_check_equal(write(outer, "x", 1), 1);
	scenario_call(access("/inner/file", F_OK));
	scenario_check_equal(access("/proc/self", F_OK), -1);
	scenario_pass();
}
