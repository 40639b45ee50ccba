/* SPDX-License-Identifier: MIT */
/* Descriptors of one file keep their own offsets, modes and flags; duplicates share theirs. */
#include <fcntl.h>
#include <unistd.h>

#include "scenario.h"

int main(void)
{
	char text[32] = "";
	int reader = scenario_call(open("file", O_RDONLY | O_CREAT, 0644));
	int writer = scenario_call(open("file", O_WRONLY));
	int both = scenario_call(open("file", O_RDWR | O_CLOEXEC));
	int append = scenario_call(open("file", O_WRONLY | O_APPEND));
	int copy = scenario_call(fcntl(both, F_DUPFD_CLOEXEC, 100));
	int second = scenario_call(dup2(both, 77));

	scenario_check_equal(write(writer, "0123456789", 10), 10);
	scenario_check_equal(read(reader, text, 3), 3);
	scenario_check_equal(lseek(both, 5, SEEK_SET), 5);
	scenario_check_equal(write(append, "abc", 3), 3);
	scenario_checkpoint();

	scenario_check_equal(lseek(reader, 0, SEEK_CUR), 3);
	scenario_check_equal(lseek(writer, 0, SEEK_CUR), 10);
	scenario_check_equal(lseek(both, 0, SEEK_CUR), 5);
	scenario_check_equal(read(both, text, 2), 2);
	scenario_check(memcmp(text, "56", 2) == 0);
	/* The two others moved with it; a file opened a second time did not. */
	scenario_check_equal(lseek(copy, 0, SEEK_CUR), 7);
	scenario_check_equal(lseek(second, 0, SEEK_CUR), 7);
	scenario_check_equal(lseek(reader, 0, SEEK_CUR), 3);
	scenario_check_equal(write(append, "def", 3), 3);
	scenario_check_equal(write(writer, "X", 1), 1);
	scenario_check_equal(pread(reader, text, sizeof(text), 0), 16);
	scenario_check(memcmp(text, "0123456789Xbcdef", 16) == 0);
	scenario_check_equal(write(reader, "x", 1), -1);
	scenario_check_equal(errno, EBADF);
	scenario_check_equal(read(writer, text, 1), -1);
	scenario_check_equal(errno, EBADF);
	scenario_check_equal(fcntl(reader, F_GETFD), 0);
	scenario_check_equal(fcntl(both, F_GETFD), FD_CLOEXEC);
	scenario_check_equal(fcntl(copy, F_GETFD), FD_CLOEXEC);
	scenario_check_equal(fcntl(second, F_GETFD), 0);
	scenario_pass();
}
