/* SPDX-License-Identifier: MIT */
/* O_PATH descriptors of a file, a directory, a symbolic link and something unreadable are kept. */
/* not: restore-twice */
/* The reset of the scratch directory in between makes another file. */
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

int main(void)
{
	struct stat before[4], after;
	char text[PATH_MAX] = "";
	int fds[4];

	scenario_create("file", 0644);
	scenario_create("closed", 0);
	scenario_call(mkdir("directory", 0755));
	scenario_create("directory/inner", 0600);
	scenario_call(symlink("nowhere at all", "link"));
	fds[0] = scenario_call(open("file", O_PATH));
	fds[1] = scenario_call(open("directory", O_PATH | O_DIRECTORY | O_CLOEXEC));
	fds[2] = scenario_call(open("link", O_PATH | O_NOFOLLOW));
	fds[3] = scenario_call(open("closed", O_PATH));
	for (int i = 0; i < 4; i++)
		scenario_call(fstat(fds[i], &before[i]));
	scenario_checkpoint();
	for (int i = 0; i < 4; i++) {
		scenario_call(fstat(fds[i], &after));
		scenario_check_equal(after.st_ino, before[i].st_ino);
		scenario_check_equal(after.st_mode, before[i].st_mode);
		scenario_check(fcntl(fds[i], F_GETFL) & O_PATH);
	}
	scenario_check(read(fds[0], text, 1) == -1 && errno == EBADF);
	scenario_call(faccessat(fds[1], "inner", F_OK, 0));
	scenario_check(readlinkat(fds[2], "", text, sizeof(text)) == 14);
	scenario_check(strcmp(text, "nowhere at all") == 0);
	scenario_call(fchdir(fds[1]));
	scenario_call(access("inner", F_OK));
	scenario_check_equal(fcntl(fds[1], F_GETFD), FD_CLOEXEC);
	scenario_pass();
}
