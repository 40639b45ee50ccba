/* SPDX-License-Identifier: MIT */
/* A statically linked program is dumped and restored like a dynamic one: heap, TLS, stdio. */
#include <stdio.h>
#include <stdlib.h>

#include "scenario.h"

static __thread int own = 5;

int main(void)
{
	char *block = malloc(100000);

	scenario_check(block);
	scenario_fill(block, 100000, 1);
	own = 6;
	printf("before\n");
	fflush(stdout);
	scenario_checkpoint();
	scenario_check(scenario_is_filled(block, 100000, 1));
	scenario_check_equal(own, 6);
	free(block);
	printf("after\n");
	fflush(stdout);
	scenario_pass();
}
