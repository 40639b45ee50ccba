/* SPDX-License-Identifier: MIT */
/* Private anonymous memory with patterns, holes that were never touched and pages that are zero keeps all of
 * it. */
#include <sys/mman.h>

#include "scenario.h"

#define PAGE 4096UL
#define PAGES 4096UL

/* What page NUMBER holds: 0 = never touched, 1 = written zeroes, 2 = one byte at the end, 3 = a full pattern.
 */
static unsigned int kind_of(unsigned long number)
{
	return (unsigned int)((number * 2654435761UL >> 7) % 5) % 4;
}

static void write_page(char *page, unsigned long number)
{
	switch (kind_of(number)) {
	case 1:
		memset(page, 0, PAGE);
		break;
	case 2:
		page[PAGE - 1] = (char)(number | 1);
		break;
	case 3:
		scenario_fill(page, PAGE, number);
		break;
	}
}

static void check_page(const char *page, unsigned long number)
{
	unsigned int kind = kind_of(number);
	unsigned long zeroes = kind == 3 ? 0 : kind == 2 ? PAGE - 1 : PAGE;

	for (unsigned long i = 0; i < zeroes; i++)
		if (page[i])
			scenario_fail("page %lu (kind %u) is not zero at %lu", number, kind, i);
	if (kind == 2 && page[PAGE - 1] != (char)(number | 1))
		scenario_fail("page %lu lost its last byte", number);
	if (kind == 3 && !scenario_is_filled(page, PAGE, number))
		scenario_fail("page %lu lost its pattern", number);
}

int main(void)
{
	unsigned char residency[PAGES];
	char *memory = scenario_call(
		mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

	scenario_call(madvise(memory, PAGES * PAGE, MADV_NOHUGEPAGE));
	for (unsigned long i = 0; i < PAGES; i++)
		write_page(memory + i * PAGE, i);
	scenario_checkpoint();
	scenario_call(mincore(memory, PAGES * PAGE, residency));
	for (unsigned long i = 0; i < PAGES; i++) {
		if (kind_of(i) == 0 && (residency[i] & 1))
			scenario_fail("page %lu was never touched, but there is memory behind it now", i);
		check_page(memory + i * PAGE, i);
	}
	/* It must still be ordinary memory. */
	memset(memory, 0x5a, PAGES * PAGE);
	scenario_checkpoint();
	for (unsigned long i = 0; i < PAGES * PAGE; i++)
		scenario_check(memory[i] == 0x5a);
	scenario_pass();
}
