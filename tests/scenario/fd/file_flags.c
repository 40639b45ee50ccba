/* SPDX-License-Identifier: MIT */
/* All status flags of open files are kept, those of open(2) and those set later. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "scenario.h"

static const struct {
	int open_flags, later_flags;
} kinds[] = {
	{O_RDONLY, 0},
	{O_WRONLY | O_APPEND, 0},
	{O_RDWR | O_NONBLOCK, 0},
	{O_RDWR | O_SYNC, 0},
	{O_RDWR | O_DSYNC, 0},
	{O_RDONLY | O_NOATIME, 0},
	{O_RDONLY | O_NOFOLLOW, 0},
	{O_RDWR | O_DIRECT, 0},
	{O_RDWR, O_APPEND | O_NONBLOCK},
	{O_RDWR | O_APPEND | O_NONBLOCK, 0},
	{O_RDWR | O_TRUNC | O_CREAT, O_APPEND},
	{O_RDWR | O_SYNC | O_CLOEXEC, O_NOATIME | O_APPEND},
	{3, 0}, /* neither reading nor writing, only ioctl(2) */
};
#define COUNT (sizeof(kinds) / sizeof(kinds[0]))

int main(void)
{
	int fds[COUNT], flags[COUNT];

	scenario_create("file", 0644);
	for (size_t i = 0; i < COUNT; i++) {
		fds[i] = open("file", kinds[i].open_flags, 0644);
		if (fds[i] < 0 && errno == EINVAL && (kinds[i].open_flags & O_DIRECT))
			continue;
		scenario_call(fds[i]);
		if (kinds[i].later_flags)
			scenario_call(fcntl(fds[i], F_SETFL, kinds[i].later_flags));
		flags[i] = scenario_call(fcntl(fds[i], F_GETFL));
	}
	/* Opening with O_TRUNC again would lose this. */
	scenario_check_equal(write(fds[1], "content", 7), 7);
	scenario_checkpoint();
	for (size_t i = 0; i < COUNT; i++) {
		if (fds[i] < 0)
			continue;
		if (fcntl(fds[i], F_GETFL) != flags[i])
			scenario_fail("descriptor %d: flags %#o instead of %#o", fds[i],
				      fcntl(fds[i], F_GETFL), flags[i]);
		scenario_check_equal(fcntl(fds[i], F_GETFD),
				     kinds[i].open_flags & O_CLOEXEC ? FD_CLOEXEC : 0);
	}
	scenario_check_equal(lseek(fds[0], 0, SEEK_END), 7);
	scenario_pass();
}
