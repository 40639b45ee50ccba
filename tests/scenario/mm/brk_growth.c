/* SPDX-License-Identifier: MIT */
/* The heap keeps its contents and its start, and goes on growing and shrinking with brk(2) and malloc(3). */
#include <stdlib.h>
#include <unistd.h>

#include "scenario.h"

#define BLOCKS 1000U

static char *blocks[BLOCKS];

static size_t size_of(unsigned int number)
{
	return 16 + number * 37 % 5000;
}

int main(void)
{
	char *top, *grown;

	for (unsigned int i = 0; i < BLOCKS; i++) {
		blocks[i] = malloc(size_of(i));
		scenario_check(blocks[i]);
		scenario_fill(blocks[i], size_of(i), i);
	}
	for (unsigned int i = 0; i < BLOCKS; i += 3) {
		free(blocks[i]);
		blocks[i] = NULL;
	}
	top = sbrk(0);
	scenario_checkpoint();

	scenario_check_equal(sbrk(0), top);
	grown = scenario_call(sbrk(1 << 20));
	scenario_check_equal(grown, top);
	scenario_fill(grown, 1 << 20, 4711);
	scenario_call(sbrk(-(1 << 19)));
	scenario_check(scenario_is_filled(grown, 1 << 19, 4711));
	for (unsigned int i = 0; i < BLOCKS; i += 3) {
		blocks[i] = malloc(size_of(i) * 2);
		scenario_check(blocks[i]);
		memset(blocks[i], 1, size_of(i) * 2);
	}
	for (unsigned int i = 0; i < BLOCKS; i++) {
		if (i % 3 && !scenario_is_filled(blocks[i], size_of(i), i))
			scenario_fail("block %u has changed", i);
		free(blocks[i]);
	}
	scenario_pass();
}
