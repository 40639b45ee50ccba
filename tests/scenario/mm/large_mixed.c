/* SPDX-License-Identifier: MIT */
/* 256 MiB of random, zero and untouched stretches come back whole. */
/* not: stop */
#include <sys/mman.h>

#include "scenario.h"

#define SIZE (256UL << 20)
#define CHUNK (256UL << 10)

/* Of four chunks one is never touched, one is written zeroes, two are noise that cannot be compressed. */
static unsigned int kind_of(size_t number)
{
	return (unsigned int)(number * 7 % 4);
}

static bool is_zero(const char *memory, size_t size)
{
	const uint64_t *words = (const uint64_t *)memory;

	for (size_t i = 0; i < size / sizeof(*words); i++)
		if (words[i])
			return false;
	return true;
}

int main(void)
{
	char *memory =
		scenario_call(mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

	for (size_t i = 0; i < SIZE / CHUNK; i++) {
		if (kind_of(i) == 1)
			memset(memory + i * CHUNK, 0, CHUNK);
		else if (kind_of(i) > 1)
			scenario_fill(memory + i * CHUNK, CHUNK, i);
	}
	scenario_checkpoint();
	for (size_t i = 0; i < SIZE / CHUNK; i++)
		if (kind_of(i) > 1 ? !scenario_is_filled(memory + i * CHUNK, CHUNK, i)
				   : !is_zero(memory + i * CHUNK, CHUNK))
			scenario_fail("chunk %zu of kind %u has changed", i, kind_of(i));
	scenario_pass();
}
