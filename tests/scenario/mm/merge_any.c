/* SPDX-License-Identifier: MIT */
/* A process that asked for all its memory to be merged (PR_SET_MEMORY_MERGE) goes on asking for it. */
#include <sys/mman.h>
#include <sys/prctl.h>

#include "scenario.h"

#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE 67
#define PR_GET_MEMORY_MERGE 68
#endif

int main(void)
{
	char *memory;

	if (prctl(PR_SET_MEMORY_MERGE, 1, 0, 0, 0) < 0)
		scenario_skip("PR_SET_MEMORY_MERGE: %s", strerror(errno));
	memory = scenario_call(
		mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	memset(memory, 1, 1 << 20);
	scenario_checkpoint();
	scenario_check_equal(prctl(PR_GET_MEMORY_MERGE, 0, 0, 0, 0), 1);
	for (size_t i = 0; i < 1 << 20; i++)
		scenario_check(memory[i] == 1);
	scenario_pass();
}
