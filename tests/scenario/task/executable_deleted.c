/* SPDX-License-Identifier: MIT */
/* A program whose file has been deleted runs on, and the link to it leads to the same contents. */
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

int main(int argc, char **argv)
{
	char before[PATH_MAX] = "", after[PATH_MAX] = "", magic[4] = "";
	struct stat st;
	int fd;

	if (argc == 1) {
		fd = scenario_call(open("program", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755));
		scenario_copy_program(fd);
		close(fd);
		scenario_call(execl("./program", argv[0], "again", (char *)NULL));
	}
	scenario_call(unlink("program"));
	scenario_call(readlink("/proc/self/exe", before, sizeof(before) - 1));
	scenario_check(strstr(before, "/program (deleted)"));
	scenario_checkpoint();
	scenario_call(readlink("/proc/self/exe", after, sizeof(after) - 1));
	scenario_check(strcmp(before, after) == 0);
	fd = scenario_call(open("/proc/self/exe", O_RDONLY));
	scenario_check_equal(read(fd, magic, 4), 4);
	scenario_check(memcmp(magic, "\177ELF", 4) == 0);
	scenario_call(fstat(fd, &st));
	scenario_check_equal(st.st_nlink, 0);
	scenario_check_equal(st.st_mode & 07777, 0755);
	scenario_check(open("/proc/self/exe", O_WRONLY) < 0 && errno == ETXTBSY);
	scenario_pass();
}
