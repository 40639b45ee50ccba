/* SPDX-License-Identifier: MIT */
/* Descriptors with high numbers, up to the very limit and beyond one that was lowered since, are kept. */
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "scenario.h"

int main(void)
{
	struct rlimit limit, lowered;
	int fd = scenario_call(open("file", O_RDWR | O_CREAT, 0600));
	int numbers[5];

	scenario_call(getrlimit(RLIMIT_NOFILE, &limit));
	numbers[0] = 3;
	numbers[1] = 900;
	numbers[2] = 1023;
	numbers[3] = (int)limit.rlim_cur / 2;
	numbers[4] = (int)limit.rlim_cur - 1;
	for (int i = 1; i < 5; i++)
		scenario_call(dup2(fd, numbers[i]));
	lowered = limit;
	lowered.rlim_cur = 500;
	scenario_call(setrlimit(RLIMIT_NOFILE, &lowered));
	scenario_check_equal(write(numbers[4], "0123456789", 10), 10);
	scenario_checkpoint();
	for (int i = 1; i < 5; i++)
		scenario_check_equal(lseek(numbers[i], 0, SEEK_CUR), 10);
	scenario_check_equal(lseek(numbers[4], 3, SEEK_SET), 3);
	scenario_check_equal(lseek(fd, 0, SEEK_CUR), 3);
	scenario_check(fcntl(fd, F_DUPFD, 501) == -1 && errno == EINVAL);
	scenario_pass();
}
