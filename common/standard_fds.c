/* SPDX-License-Identifier: MIT */
/* Standard input, output and error. */
#include "common/standard_fds.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int standard_fds_init(void)
{
	static const int flags[] = {
		[STDIN_FILENO] = O_WRONLY,
		[STDOUT_FILENO] = O_RDONLY,
		[STDERR_FILENO] = O_RDWR,
	};

	for (int fd = 0; fd < (int)ARRAY_SIZE(flags); fd++) {
		/* The lowest free number is FD itself: those below are open by now. */
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", flags[fd]) < 0)
			return -errno;
	}
	return 0;
}
