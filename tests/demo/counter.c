/* SPDX-License-Identifier: MIT */
/*
 * A program whose state is easy to see: every half second it counts one up, works through 64 MiB of memory,
 * and prints the time, the count, and a checksum of all that memory. Each checksum depends on all counts
 * before it.
 *
 *   counter            counts until it is ended
 *   counter COUNT      prints the lines up to COUNT at once, without the time
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define WORD_COUNT ((64UL << 20) / sizeof(uint64_t))

static uint64_t *memory;

static uint64_t mix(uint64_t value)
{
	value ^= value >> 33;
	value *= 0xff51afd7ed558ccdU;
	return value ^ value >> 29;
}

static uint64_t work(unsigned long count)
{
	uint64_t sum = count;

	for (size_t i = 0; i < WORD_COUNT; i++) {
		/* three words of four stay as they are, so that there is something to compress */
		if (i % 4 == 0)
			memory[i] = mix(memory[i] + i + count);
		sum = (sum << 5 | sum >> 59) ^ memory[i];
	}
	return sum;
}

int main(int argc, char **argv)
{
	const struct timespec half_a_second = {.tv_nsec = 500000000};
	unsigned long last = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;

	memory = calloc(WORD_COUNT, sizeof(*memory));
	if (!memory)
		return EXIT_FAILURE;
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (unsigned long count = 1; last == 0 || count <= last; count++) {
		uint64_t sum = work(count);
		time_t now = time(NULL);
		char clock_text[16];

		strftime(clock_text, sizeof(clock_text), "%T  ", localtime(&now));
		printf("%scount %3lu   memory %016llx\n", last ? "" : clock_text, count,
		       (unsigned long long)sum);
		if (last == 0)
			nanosleep(&half_a_second, NULL);
	}
	return EXIT_SUCCESS;
}
