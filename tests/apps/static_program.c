/* SPDX-License-Identifier: MIT */
/*
 * Sorts, counts and prints, for as many rounds as its argument says; linked without shared libraries. Each
 * line depends on all before it.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_COUNT 200000

static int compare(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

static double fill_and_sort(uint64_t *values, uint64_t *state)
{
	double sum = 0;

	for (size_t i = 0; i < VALUE_COUNT; i++) {
		*state ^= *state << 13;
		*state ^= *state >> 7;
		*state ^= *state << 17;
		values[i] = *state ^ values[VALUE_COUNT - 1 - i];
	}
	qsort(values, VALUE_COUNT, sizeof(*values), compare);
	for (size_t i = 1; i < VALUE_COUNT; i++)
		sum += (double)(values[i] - values[i - 1]) / 3;
	return sum;
}

int main(int argc, char **argv)
{
	uint64_t state = 88172645463325252U;
	uint64_t *values = calloc(VALUE_COUNT, sizeof(*values));

	if (argc != 2 || !values)
		return EXIT_FAILURE;
	for (int round = 1; round <= atoi(argv[1]); round++) {
		double sum = fill_and_sort(values, &state);

		printf("%d %016llx %a\n", round, (unsigned long long)values[round], sum);
		fflush(stdout);
	}
	return EXIT_SUCCESS;
}
