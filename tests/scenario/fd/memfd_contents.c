/* SPDX-License-Identifier: MIT */
/* A memfd keeps what is in it, with its holes, and stays one file for all descriptions of it. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

#define PART 10000
#define FAR (1LL << 33)

int main(void)
{
	int fd = scenario_call(memfd_create("odd name\n/\303", MFD_CLOEXEC)), reader;
	struct stat before, after, other;
	char path[32], part[PART];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	reader = scenario_call(open(path, O_RDONLY | O_NOATIME));
	scenario_fill(part, PART, 1);
	scenario_check_equal(write(fd, part, PART), PART);
	scenario_check_equal(pwrite(fd, "far", 3, FAR), 3);
	scenario_call(fchmod(fd, 0604));
	scenario_call(fstat(fd, &before));
	scenario_checkpoint();
	scenario_call(fstat(fd, &after));
	scenario_check_equal(after.st_mode, before.st_mode);
	scenario_check_equal(after.st_size, FAR + 3);
	scenario_check_equal(after.st_nlink, 0);
	scenario_check_equal(after.st_blocks, before.st_blocks);
	scenario_check_equal(lseek(fd, 0, SEEK_CUR), PART);
	scenario_call(fstat(reader, &other));
	scenario_check_equal(other.st_ino, after.st_ino);
	scenario_check_equal(read(reader, part, PART), PART);
	scenario_check(scenario_is_filled(part, PART, 1));
	scenario_check_equal(pwrite(fd, "x", 1, 5), 1);
	scenario_check_equal(pread(reader, part, 1, 5), 1);
	scenario_check_equal(part[0], 'x');
	scenario_check(write(reader, "x", 1) < 0 && errno == EBADF);
	scenario_check_equal(fcntl(fd, F_GET_SEALS), F_SEAL_SEAL);
	scenario_check_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	scenario_pass();
}
