/* SPDX-License-Identifier: MIT */
/* A deleted file with holes keeps them: a terabyte of nothing takes no room, on disk or in an archive. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

#define PART 8192
#define COUNT 5
#define SIZE (1LL << 40)

int main(void)
{
	static const off_t offsets[COUNT] = {0, 1 << 20, 1LL << 32, (1LL << 39) + 4096, SIZE - PART};
	int fd = scenario_call(open("file", O_RDWR | O_CREAT, 0600));
	char part[PART];
	struct stat before, after;

	for (int i = 0; i < COUNT; i++) {
		scenario_fill(part, PART, (uint64_t)i);
		scenario_check_equal(pwrite(fd, part, PART, offsets[i]), PART);
	}
	scenario_call(ftruncate(fd, SIZE + 12345));
	scenario_call(unlink("file"));
	scenario_call(fsync(fd));
	scenario_call(fstat(fd, &before));
	scenario_checkpoint();
	scenario_call(fstat(fd, &after));
	scenario_check_equal(after.st_size, SIZE + 12345);
	scenario_call(fsync(fd));
	scenario_call(fstat(fd, &after));
	if (after.st_blocks > before.st_blocks * 2 + 64)
		scenario_fail("%lld blocks instead of %lld", (long long)after.st_blocks,
			      (long long)before.st_blocks);
	for (int i = 0; i < COUNT; i++) {
		scenario_check_equal(pread(fd, part, PART, offsets[i]), PART);
		scenario_check(scenario_is_filled(part, PART, (uint64_t)i));
	}
	scenario_check_equal(lseek(fd, 2 << 20, SEEK_DATA), 1LL << 32);
	scenario_check(lseek(fd, SIZE, SEEK_DATA) < 0 && errno == ENXIO);
	scenario_pass();
}
