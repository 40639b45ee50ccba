/* SPDX-License-Identifier: MIT */
/* After mlockall(MCL_CURRENT | MCL_FUTURE) what is mapped later is locked too, also after a restore. */
/* needs: cap_ipc_lock */
#include <stdlib.h>
#include <sys/mman.h>

#include "scenario.h"

#define SIZE (64UL << 10)

static long locked_kilobytes(void)
{
	char text[64];

	scenario_status_field("VmLck", text, sizeof(text));
	return strtol(text, NULL, 10);
}

int main(void)
{
	long before, after;
	char *memory;

	scenario_call(mlockall(MCL_CURRENT | MCL_FUTURE));
	before = locked_kilobytes();
	scenario_check(before > 0);
	scenario_checkpoint();
	scenario_check_equal(locked_kilobytes(), before);
	memory = scenario_call(mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	after = locked_kilobytes();
	scenario_check_equal(after, before + (long)(SIZE >> 10));
	memory[0] = 1;
	scenario_call(munlockall());
	scenario_check_equal(locked_kilobytes(), 0);
	scenario_pass();
}
