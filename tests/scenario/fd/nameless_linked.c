/* SPDX-License-Identifier: MIT */
/* A file made without a name that was given one: what is open is the file of that name. */
/* no-compare */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

int main(void)
{
	int fd = open(".", O_TMPFILE | O_RDWR, 0600);
	struct stat st, named;
	char path[32];

	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR))
		scenario_skip("the file system has no O_TMPFILE");
	scenario_call(fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	scenario_call(linkat(AT_FDCWD, path, AT_FDCWD, "name", AT_SYMLINK_FOLLOW));
	scenario_checkpoint();
	scenario_call(fstat(fd, &st));
	scenario_call(stat("name", &named));
	scenario_check_equal(st.st_ino, named.st_ino);
	scenario_check_equal(named.st_nlink, 1);
	scenario_check_equal(write(fd, "abc", 3), 3);
	scenario_call(stat("name", &named));
	scenario_check_equal(named.st_size, 3);
	scenario_pass();
}
