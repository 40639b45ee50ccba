/* SPDX-License-Identifier: MIT */
/* The file mode creation mask is kept. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

int main(void)
{
	struct stat status;
	int fd;

	umask(0153);
	scenario_checkpoint();
	fd = scenario_call(open("file", O_WRONLY | O_CREAT | O_EXCL, 0777));
	scenario_call(fstat(fd, &status));
	scenario_check_equal(status.st_mode & 0777, 0624);
	scenario_check_equal(umask(022), 0153);
	scenario_pass();
}
