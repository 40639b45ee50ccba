/* SPDX-License-Identifier: MIT */
/* Memory that is a private mapping of a zero device, whose node has been deleted. */
/* needs: root */
/* no-compare */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "scenario.h"

int main(void)
{
	char *memory;
	int fd;

	scenario_call(mknod("zero", S_IFCHR | 0600, makedev(1, 5)));
	fd = open("zero", O_RDWR);
	if (fd < 0)
		scenario_skip("devices do not work here");
	memory = scenario_call(mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
	scenario_call(close(fd));
	scenario_call(unlink("zero"));
	memory[5] = 'x';
	scenario_checkpoint();
	scenario_check_equal(memory[5], 'x');
	scenario_check_equal(memory[4096], 0);
	memory[4096] = 'y';
	scenario_check_equal(memory[4096], 'y');
	scenario_pass();
}
