/* SPDX-License-Identifier: MIT */
/* PROT_NONE mappings keep their contents, anonymous and of a file, and reserved ones stay empty. */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "scenario.h"

#define PAGE 4096UL

int main(void)
{
	int fd = scenario_call(open("file", O_RDWR | O_CREAT, 0644));
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	char *anonymous = scenario_call(mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, flags, -1, 0));
	/* 64 GiB of address space: must cost neither time nor memory. */
	char *reserved = scenario_call(mmap(NULL, 64UL << 30, PROT_NONE, flags | MAP_NORESERVE, -1, 0));
	char *file;

	scenario_call(ftruncate(fd, 2 * PAGE));
	file = scenario_call(mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
	scenario_call(close(fd));
	scenario_fill(anonymous, 16 * PAGE, 1);
	scenario_fill(file + PAGE, PAGE, 2);
	scenario_call(mprotect(reserved + (32UL << 30), PAGE, PROT_READ | PROT_WRITE));
	scenario_fill(reserved + (32UL << 30), PAGE, 3);
	scenario_call(mprotect(reserved + (32UL << 30), PAGE, PROT_NONE));
	scenario_call(mprotect(anonymous, 16 * PAGE, PROT_NONE));
	scenario_call(mprotect(file, 2 * PAGE, PROT_NONE));
	scenario_checkpoint();
	scenario_call(mprotect(anonymous, 16 * PAGE, PROT_READ));
	scenario_call(mprotect(file, 2 * PAGE, PROT_READ));
	scenario_call(mprotect(reserved + (32UL << 30) - PAGE, 3 * PAGE, PROT_READ));
	scenario_check(scenario_is_filled(anonymous, 16 * PAGE, 1));
	scenario_check(scenario_is_filled(file + PAGE, PAGE, 2));
	scenario_check(scenario_is_filled(reserved + (32UL << 30), PAGE, 3));
	scenario_check(reserved[(32UL << 30) - 1] == 0 && reserved[(32UL << 30) + PAGE] == 0);
	scenario_pass();
}
