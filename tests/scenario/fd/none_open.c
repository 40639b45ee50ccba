/* SPDX-License-Identifier: MIT */
/* A program that closed all its descriptors, the standard ones too, gets none afterwards. */
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

int main(void)
{
	scenario_call(syscall(SYS_close_range, 0, ~0U, 0));
	scenario_checkpoint();
	for (int fd = 0; fd < 1000; fd++)
		if (fcntl(fd, F_GETFD) != -1 || errno != EBADF)
			scenario_fail("descriptor %d is open", fd);
	scenario_check_equal(open("/dev/null", O_RDWR), 0);
	scenario_pass();
}
