/* SPDX-License-Identifier: MIT */
/* A MAP_DROPPABLE area is one afterwards: its contents may be gone, zero if so, and it can be used. */
#include <sys/mman.h>

#include "scenario.h"

#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 0x08
#endif
#define SIZE (64UL << 10)

int main(void)
{
	char *memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_DROPPABLE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		scenario_skip("this kernel has no MAP_DROPPABLE");
	memset(memory, 0x33, SIZE);
	scenario_checkpoint();
	for (size_t i = 0; i < SIZE; i++)
		scenario_check(memory[i] == 0x33 || memory[i] == 0);
	memset(memory, 0x44, SIZE);
	scenario_checkpoint();
	scenario_check(memory[0] == 0x44 || memory[0] == 0);
	scenario_pass();
}
