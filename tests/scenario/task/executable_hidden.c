/* SPDX-License-Identifier: MIT */
/* A program file in a directory that something has been mounted over. */
/* needs: root cap_sys_admin */
/* not: restore-twice */
#include <fcntl.h>
#include <limits.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

int main(int argc, char **argv)
{
	char before[PATH_MAX] = "", after[PATH_MAX] = "", magic[4] = "";
	int fd;

	if (argc == 1) {
		scenario_call(mkdir("dir", 0755));
		fd = scenario_call(open("dir/program", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755));
		scenario_copy_program(fd);
		scenario_call(close(fd));
		scenario_call(execl("dir/program", argv[0], "again", (char *)NULL));
	}
	if (mount("none", "dir", "tmpfs", 0, NULL) < 0)
		scenario_skip("nothing can be mounted");
	scenario_call(readlink("/proc/self/exe", before, sizeof(before) - 1));
	scenario_checkpoint();
	scenario_call(readlink("/proc/self/exe", after, sizeof(after) - 1));
	scenario_check(strcmp(before, after) == 0);
	fd = scenario_call(open("/proc/self/exe", O_RDONLY));
	scenario_check_equal(read(fd, magic, 4), 4);
	scenario_check(memcmp(magic, "\177ELF", 4) == 0);
	scenario_check(access("dir/program", F_OK) < 0 && errno == ENOENT);
	scenario_call(umount("dir"));
	scenario_call(access("dir/program", X_OK));
	scenario_pass();
}
