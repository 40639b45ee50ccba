/* SPDX-License-Identifier: MIT */
/* One line a test, as tests/run.sh counts them. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

/* Prints the result of the test NAME, which went well if TROUBLE is NULL; returns whether it did. */
static inline bool tap_result(const char *name, const char *trouble)
{
	printf("%sok - fault/%s\n", trouble ? "not " : "", name);
	if (trouble)
		printf("#   %s\n", trouble);
	fflush(stdout);
	return trouble == NULL;
}

static inline bool tap_skip(const char *name, const char *why)
{
	printf("ok - fault/%s # SKIP %s\n", name, why);
	return true;
}
