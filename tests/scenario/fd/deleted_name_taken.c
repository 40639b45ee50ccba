/* SPDX-License-Identifier: MIT */
/* Files that had one name after another, all deleted but the last, which comes to no harm. */
/* no-compare */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

#define COUNT 4

int main(void)
{
	int fds[COUNT];
	struct stat before, after;

	for (int i = 0; i < COUNT; i++) {
		char digit = (char)('0' + i);

		unlink("file");
		fds[i] = scenario_call(open("file", O_RDWR | O_CREAT | O_EXCL, 0600));
		scenario_check_equal(write(fds[i], &digit, 1), 1);
	}
	scenario_call(stat("file", &before));
	scenario_checkpoint();
	scenario_call(stat("file", &after));
	scenario_check_equal(after.st_ino, before.st_ino);
	scenario_check_equal(after.st_nlink, 1);
	for (int i = 0; i < COUNT; i++) {
		char digit = 0;

		scenario_check_equal(pread(fds[i], &digit, 1, 0), 1);
		scenario_check_equal(digit, '0' + i);
		scenario_call(fstat(fds[i], &after));
		scenario_check_equal(after.st_nlink, i == COUNT - 1);
	}
	scenario_pass();
}
