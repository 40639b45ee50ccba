/* SPDX-License-Identifier: MIT */
/* mlock(2), mlock2(MLOCK_ONFAULT) and unlocked neighbours stay what they are: locked amount and residency. */
#include <stdlib.h>
#include <sys/mman.h>

#include "scenario.h"

#define PAGE 4096UL
#define PAGES 32UL

static long locked_kilobytes(void)
{
	char text[64];

	scenario_status_field("VmLck", text, sizeof(text));
	return strtol(text, NULL, 10);
}

static unsigned long count_resident(char *memory)
{
	unsigned char residency[PAGES];
	unsigned long count = 0;

	scenario_call(mincore(memory, PAGES * PAGE, residency));
	for (unsigned long i = 0; i < PAGES; i++)
		count += residency[i] & 1;
	return count;
}

static char *map(void)
{
	return scenario_call(
		mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

int main(void)
{
	char *locked = map(), *on_fault = map(), *forbidden = map();

	scenario_fill(locked, PAGE, 1);
	scenario_call(mlock(locked, PAGES * PAGE));
	scenario_call(mlock2(on_fault, PAGES * PAGE, MLOCK_ONFAULT));
	scenario_fill(on_fault, PAGE, 2);
	scenario_fill(forbidden, PAGE, 3);
	scenario_call(mlock(forbidden, 2 * PAGE));
	scenario_call(mprotect(forbidden, 2 * PAGE, PROT_NONE));
	scenario_check_equal(locked_kilobytes(), (2 * PAGES + 2) * 4);
	scenario_checkpoint();
	scenario_check_equal(locked_kilobytes(), (2 * PAGES + 2) * 4);
	scenario_check_equal(count_resident(locked), PAGES);
	scenario_check_equal(count_resident(on_fault), 1);
	scenario_check(scenario_is_filled(locked, PAGE, 1));
	scenario_check(scenario_is_filled(on_fault, PAGE, 2));
	scenario_call(munlockall());
	scenario_call(mprotect(forbidden, 2 * PAGE, PROT_READ));
	scenario_check(scenario_is_filled(forbidden, PAGE, 3));
	scenario_check_equal(locked_kilobytes(), 0);
	scenario_pass();
}
