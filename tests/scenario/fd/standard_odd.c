/* SPDX-License-Identifier: MIT */
/* Standard descriptors that are something else - missing, swapped, close-on-exec, a directory - are kept as
 * they are. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

int main(void)
{
	struct stat status;
	char text[8] = "";
	int copy;

	scenario_call(close(0));
	scenario_check_equal(open("output", O_RDWR | O_CREAT, 0600), 0);
	scenario_call(close(1));
	copy = scenario_call(fcntl(2, F_DUPFD_CLOEXEC, 50));
	scenario_check_equal(open(".", O_RDONLY | O_DIRECTORY), 1);
	scenario_call(dup3(1, 2, O_CLOEXEC));
	scenario_call(close(1));
	scenario_check_equal(write(0, "abc", 3), 3);
	scenario_checkpoint();
	scenario_check_equal(fcntl(1, F_GETFD), -1);
	scenario_check_equal(pread(0, text, 8, 0), 3);
	scenario_check_equal(lseek(0, 0, SEEK_CUR), 3);
	scenario_call(fstat(2, &status));
	scenario_check(S_ISDIR(status.st_mode));
	scenario_check_equal(fcntl(2, F_GETFD), FD_CLOEXEC);
	scenario_check_equal(fcntl(0, F_GETFD), 0);
	scenario_check_equal(write(copy, "log\n", 4), 4);
	scenario_pass();
}
