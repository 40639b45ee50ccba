/* SPDX-License-Identifier: MIT */
/* A file made without a name (O_TMPFILE) has none, and can still be given one. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

int main(void)
{
	int fd = open(".", O_TMPFILE | O_RDWR | O_APPEND, 0640), again;
	struct stat st;
	char path[32], text[8] = "";

	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR))
		scenario_skip("the file system has no O_TMPFILE");
	scenario_call(fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = scenario_call(open(path, O_RDONLY));
	scenario_check_equal(write(fd, "abc", 3), 3);
	scenario_checkpoint();
	scenario_check_equal(write(fd, "def", 3), 3);
	scenario_check_equal(read(again, text, sizeof(text)), 6);
	scenario_check(strcmp(text, "abcdef") == 0);
	scenario_call(linkat(AT_FDCWD, path, AT_FDCWD, "name", AT_SYMLINK_FOLLOW));
	scenario_call(stat("name", &st));
	scenario_check_equal(st.st_mode & 07777, 0640);
	scenario_check_equal(st.st_nlink, 1);
	scenario_check_equal(st.st_size, 6);
	scenario_pass();
}
