/* SPDX-License-Identifier: MIT */
/* A regular file on another file system, a tmpfs, is kept like any other. */
/* needs: /dev/shm */
/* not: restore-twice */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "scenario.h"

int main(void)
{
	char text[8] = "", name[64];
	int fd;

	snprintf(name, sizeof(name), "/dev/shm/scenario.%lld", (long long)scenario_now_ns(CLOCK_REALTIME));
	fd = open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (fd < 0)
		scenario_skip("%s: %s", name, strerror(errno));
	scenario_check_equal(write(fd, "abc", 3), 3);
	scenario_checkpoint();
	scenario_check_equal(lseek(fd, 0, SEEK_CUR), 3);
	scenario_check_equal(pread(fd, text, 8, 0), 3);
	scenario_check(strcmp(text, "abc") == 0);
	scenario_call(unlink(name));
	scenario_pass();
}
