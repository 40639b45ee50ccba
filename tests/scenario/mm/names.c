/* SPDX-License-Identifier: MIT */
/* Anonymous mappings keep the names given with PR_SET_VMA_ANON_NAME. */
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "scenario.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif
#define PAGE 4096UL

static bool has_name(const void *address, const char *name)
{
	FILE *file = fopen("/proc/self/maps", "re");
	char line[512];
	bool found = false;

	scenario_check(file);
	while (fgets(line, sizeof(line), file)) {
		unsigned long start, end;

		if (sscanf(line, "%lx-%lx ", &start, &end) == 2 && (unsigned long)address >= start &&
		    (unsigned long)address < end)
			found = strstr(line, name);
	}
	fclose(file);
	return found;
}

int main(void)
{
	char *memory = scenario_call(
		mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

	if (prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, memory, PAGE, "first area") < 0)
		scenario_skip("this kernel has no CONFIG_ANON_VMA_NAME");
	scenario_call(prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, memory + 2 * PAGE, PAGE, "second: a/b"));
	scenario_checkpoint();
	scenario_check(has_name(memory, "[anon:first area]"));
	scenario_check(!has_name(memory + PAGE, "[anon:"));
	scenario_check(has_name(memory + 2 * PAGE, "[anon:second: a/b]"));
	scenario_pass();
}
