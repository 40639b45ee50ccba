/* SPDX-License-Identifier: MIT */
/* Makes the table of descriptors large. */
#include "common/fd_table.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/compiler.h"

#define WANTED 4096

void fd_table_grow(void)
{
	struct rlimit limit;
	int fd;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == 0)
		return;
	fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, (int)MIN(limit.rlim_cur, (rlim_t)WANTED) - 1);
	if (fd >= 0)
		close(fd);
}
