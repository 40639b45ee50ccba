/* SPDX-License-Identifier: MIT */
/* Descriptors of a large sparse file keep offsets past its end and past 2^32, and its holes stay holes. */
/* not: restore-twice */
/* The reset of the scratch directory in between makes another file. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

#define FAR (5L << 40)

int main(void)
{
	int fd = scenario_call(open("file", O_RDWR | O_CREAT, 0600));
	int second = scenario_call(open("file", O_RDONLY));
	struct stat before, after;

	scenario_check_equal(pwrite(fd, "a", 1, 1 << 20), 1);
	scenario_check_equal(pwrite(fd, "b", 1, FAR), 1);
	scenario_call(fsync(fd));
	scenario_call(lseek(fd, FAR + 1000, SEEK_SET));
	scenario_check_equal(lseek(second, 0, SEEK_DATA), 1 << 20);
	scenario_call(fstat(fd, &before));
	scenario_checkpoint();
	scenario_call(fstat(fd, &after));
	scenario_check_equal(after.st_blocks, before.st_blocks);
	scenario_check_equal(after.st_size, FAR + 1);
	scenario_check_equal(lseek(second, 0, SEEK_CUR), 1 << 20);
	scenario_check_equal(lseek(second, (1 << 20) + 4096, SEEK_DATA), FAR);
	scenario_check_equal(lseek(fd, 0, SEEK_CUR), FAR + 1000);
	scenario_check_equal(write(fd, "c", 1), 1);
	scenario_check_equal(lseek(second, 0, SEEK_END), FAR + 1001);
	scenario_pass();
}
