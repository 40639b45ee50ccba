/* SPDX-License-Identifier: MIT */
/* Deleted files that are not regular, or were opened in uncommon ways. */
/* needs: root */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "scenario.h"

int main(void)
{
	int symbolic, device, path, not_followed, fd;
	struct stat st;
	char target[16] = "";

	scenario_call(symlink("nowhere", "link"));
	symbolic = scenario_call(open("link", O_PATH | O_NOFOLLOW));
	scenario_call(mknod("null", S_IFCHR | 0600, makedev(1, 3)));
	device = open("null", O_RDWR);
	if (device < 0)
		scenario_skip("devices do not work here");
	scenario_create("file", 0600);
	path = scenario_call(open("file", O_PATH));
	not_followed = scenario_call(open("file", O_WRONLY | O_NOFOLLOW | O_SYNC));
	scenario_call(unlink("link"));
	scenario_call(unlink("null"));
	scenario_call(unlink("file"));
	scenario_checkpoint();
	scenario_check_equal(readlinkat(symbolic, "", target, sizeof(target)), 7);
	scenario_check(strcmp(target, "nowhere") == 0);
	scenario_check_equal(write(device, "gone", 4), 4);
	scenario_call(fstat(device, &st));
	scenario_check_equal(st.st_rdev, makedev(1, 3));
	scenario_check_equal(st.st_nlink, 0);
	scenario_check_equal(fcntl(path, F_GETFL), O_PATH);
	scenario_check(fcntl(not_followed, F_GETFL) & O_NOFOLLOW);
	scenario_check_equal(write(not_followed, "text", 4), 4);
	snprintf(target, sizeof(target), "/dev/fd/%d", path);
	fd = scenario_call(open(target, O_RDONLY));
	scenario_check_equal(read(fd, target, 8), 4);
	scenario_pass();
}
