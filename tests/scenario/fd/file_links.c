/* SPDX-License-Identifier: MIT */
/* A file opened by two hard links and through a symbolic link keeps the names it was opened by. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "scenario.h"

static void check_name(int fd, const char *name)
{
	char path[64], target[PATH_MAX] = "";
	size_t length;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	scenario_call(readlink(path, target, sizeof(target) - 1));
	length = strlen(target);
	if (length < strlen(name) || strcmp(target + length - strlen(name), name) != 0)
		scenario_fail("descriptor %d leads to %s, not %s", fd, target, name);
}

int main(void)
{
	char text[8] = "";
	int first = scenario_call(open("first", O_RDWR | O_CREAT, 0600));
	int second, third;

	scenario_call(link("first", "second"));
	scenario_call(symlink("second", "third"));
	second = scenario_call(open("second", O_RDWR));
	third = scenario_call(open("third", O_RDWR | O_APPEND));
	scenario_check_equal(write(first, "abc", 3), 3);
	/* The link that led there is gone; what was opened is not. */
	scenario_call(unlink("third"));
	scenario_checkpoint();
	check_name(first, "/first");
	check_name(second, "/second");
	check_name(third, "/second");
	scenario_check_equal(write(third, "def", 3), 3);
	scenario_check_equal(pread(second, text, 8, 0), 6);
	scenario_check(strcmp(text, "abcdef") == 0);
	scenario_check_equal(lseek(first, 0, SEEK_CUR), 3);
	scenario_check_equal(lseek(second, 0, SEEK_CUR), 0);
	scenario_pass();
}
