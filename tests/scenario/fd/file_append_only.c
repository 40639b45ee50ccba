/* SPDX-License-Identifier: MIT */
/* Files that were made append-only (chattr +a), open for appending, and immutable (chattr +i), open for
 * reading. */
/* modes: kill twice */
/* needs: root */
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "scenario.h"

static bool set_flag(int fd, int flag, bool is_set)
{
	int flags;

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
		return false;
	flags = is_set ? flags | flag : flags & ~flag;
	return ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0;
}

int main(void)
{
	int log = scenario_call(open("log", O_WRONLY | O_APPEND | O_CREAT, 0600)), constant;
	char text[4] = "";

	constant = scenario_call(open("constant", O_RDWR | O_CREAT, 0600));
	scenario_check_equal(write(constant, "abc", 3), 3);
	scenario_call(close(constant));
	constant = scenario_call(open("constant", O_RDONLY));
	if (!set_flag(log, FS_APPEND_FL, true) || !set_flag(constant, FS_IMMUTABLE_FL, true))
		scenario_skip("the file system has no such flags");
	scenario_checkpoint();
	scenario_check_equal(write(log, "more", 4), 4);
	scenario_check_equal(pread(constant, text, 3, 0), 3);
	scenario_check(set_flag(log, FS_APPEND_FL, false) && set_flag(constant, FS_IMMUTABLE_FL, false));
	scenario_check(strcmp(text, "abc") == 0);
	scenario_pass();
}
