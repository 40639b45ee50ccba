/* SPDX-License-Identifier: MIT */
/* After mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) new memory is locked only where it is touched. */
/* needs: cap_ipc_lock */
#include <stdlib.h>
#include <sys/mman.h>

#include "scenario.h"

#define PAGE 4096UL
#define PAGES 16UL

static unsigned long map_and_count(void)
{
	unsigned char residency[PAGES];
	unsigned long count = 0;
	char *memory = scenario_call(
		mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

	memory[3 * PAGE] = 1;
	scenario_call(mincore(memory, PAGES * PAGE, residency));
	for (unsigned long i = 0; i < PAGES; i++)
		count += residency[i] & 1;
	scenario_call(munmap(memory, PAGES * PAGE));
	return count;
}

int main(void)
{
	char before[64], after[64];

	scenario_call(mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT));
	scenario_check_equal(map_and_count(), 1);
	scenario_status_field("VmLck", before, sizeof(before));
	scenario_checkpoint();
	scenario_status_field("VmLck", after, sizeof(after));
	if (strcmp(before, after) != 0)
		scenario_fail("%s were locked, now %s", before, after);
	scenario_check_equal(map_and_count(), 1);
	scenario_pass();
}
