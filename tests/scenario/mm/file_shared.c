/* SPDX-License-Identifier: MIT */
/* A shared mapping of a regular file goes on writing to that file. */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "scenario.h"

#define PAGE 4096UL

int main(void)
{
	int fd = scenario_call(open("file", O_RDWR | O_CREAT, 0644));
	char *memory, *read_only, text[8];

	scenario_call(ftruncate(fd, 4 * PAGE));
	memory = scenario_call(mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	read_only = scenario_call(mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, PAGE));
	scenario_fill(memory, 2 * PAGE, 3);
	scenario_checkpoint();
	scenario_check(scenario_is_filled(memory, 2 * PAGE, 3));
	memcpy(memory + PAGE, "written", 7);
	scenario_check_equal(pread(fd, text, 7, PAGE), 7);
	scenario_check(memcmp(text, "written", 7) == 0);
	scenario_check(memcmp(read_only, "written", 7) == 0);
	scenario_check_equal(pwrite(fd, "x", 1, 3 * PAGE), 1);
	scenario_check(memory[3 * PAGE] == 'x');
	scenario_pass();
}
