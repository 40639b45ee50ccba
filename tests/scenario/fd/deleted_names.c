/* SPDX-License-Identifier: MIT */
/* A file with two names, opened by each, both deleted, is still one file. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

int main(void)
{
	int first = scenario_call(open("first", O_RDWR | O_CREAT, 0600)), second;
	struct stat one, other;
	char text[4] = "";

	scenario_call(link("first", "second"));
	second = scenario_call(open("second", O_RDWR));
	scenario_call(unlink("first"));
	scenario_call(unlink("second"));
	scenario_checkpoint();
	scenario_call(fstat(first, &one));
	scenario_call(fstat(second, &other));
	scenario_check_equal(one.st_ino, other.st_ino);
	scenario_check_equal(one.st_nlink, 0);
	scenario_check_equal(write(first, "one", 3), 3);
	scenario_check_equal(read(second, text, 3), 3);
	scenario_check(strcmp(text, "one") == 0);
	scenario_pass();
}
