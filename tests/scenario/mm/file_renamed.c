/* SPDX-License-Identifier: MIT */
/* A private mapping of a file that was renamed since is found again by its present name. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "scenario.h"

#define PAGE 4096UL

int main(void)
{
	int fd = scenario_call(open("first name", O_RDWR | O_CREAT, 0644));
	char *memory;

	scenario_call(ftruncate(fd, 4 * PAGE));
	scenario_check_equal(pwrite(fd, "file", 4, PAGE), 4);
	memory = scenario_call(mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
	scenario_call(rename("first name", "second name"));
	scenario_call(close(fd));
	memory[0] = 'm';
	scenario_checkpoint();
	scenario_check(memory[0] == 'm');
	scenario_check(memcmp(memory + PAGE, "file", 4) == 0);
	scenario_pass();
}
