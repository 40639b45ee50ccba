/* SPDX-License-Identifier: MIT */
/* 2000 mappings that differ from their neighbours, and 500 with gaps between them, all come back. */
#include <sys/mman.h>

#include "scenario.h"

#define PAGE 4096UL
#define DENSE 2000UL
#define SPARSE 500UL

int main(void)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	char *dense = scenario_call(mmap(NULL, DENSE * PAGE, PROT_READ | PROT_WRITE, flags, -1, 0));
	char *room = scenario_call(mmap(NULL, SPARSE * 4 * PAGE, PROT_READ | PROT_WRITE, flags, -1, 0));
	unsigned char residency[3];

	for (unsigned long i = 0; i < DENSE; i++) {
		if (i % 3)
			scenario_fill(dense + i * PAGE, PAGE, i);
		if (i % 2)
			scenario_call(mprotect(dense + i * PAGE, PAGE, PROT_READ));
	}
	for (unsigned long i = 0; i < SPARSE; i++) {
		scenario_fill(room + i * 4 * PAGE, PAGE, i);
		scenario_call(munmap(room + (i * 4 + 1) * PAGE, 3 * PAGE));
	}
	scenario_checkpoint();
	for (unsigned long i = 0; i < DENSE; i++) {
		char *page = dense + i * PAGE;

		if (i % 3 ? !scenario_is_filled(page, PAGE, i) : page[i % PAGE] != 0)
			scenario_fail("dense page %lu has changed", i);
		if (i % 2 == 0)
			page[0] = 1;
	}
	for (unsigned long i = 0; i < SPARSE; i++) {
		if (!scenario_is_filled(room + i * 4 * PAGE, PAGE, i))
			scenario_fail("sparse page %lu has changed", i);
		for (unsigned long gap = 1; gap < 4; gap++)
			scenario_check(mincore(room + (i * 4 + gap) * PAGE, PAGE, residency) < 0 &&
				       errno == ENOMEM);
	}
	scenario_pass();
}
