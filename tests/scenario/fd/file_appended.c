/* SPDX-License-Identifier: MIT */
/* A thread that goes on appending lines to a file leaves every line once, in order, over the checkpoint. */
/* no-compare */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "scenario.h"

static atomic_bool released;
static atomic_long lines;

static void *work(void *argument)
{
	FILE *file = argument;

	while (!atomic_load(&released)) {
		long number = atomic_fetch_add(&lines, 1);

		scenario_check(fprintf(file, "line %ld\n", number) > 0);
		if (number % 10 == 9)
			scenario_check(fflush(file) == 0);
		if (number % 100 == 99)
			scenario_sleep_ms(1);
	}
	return NULL;
}

int main(void)
{
	FILE *file = fopen("lines", "ae");
	pthread_t thread;
	char line[64];
	long before, number = 0;

	scenario_check(file);
	scenario_check(pthread_create(&thread, NULL, work, file) == 0);
	scenario_sleep_ms(10);
	scenario_checkpoint();
	before = atomic_load(&lines);
	while (atomic_load(&lines) < before + 1000)
		scenario_sleep_ms(1);
	atomic_store(&released, true);
	scenario_check(pthread_join(thread, NULL) == 0);
	scenario_check(fclose(file) == 0);
	file = fopen("lines", "re");
	scenario_check(file);
	for (; fgets(line, sizeof(line), file); number++)
		if (strncmp(line, "line ", 5) != 0 || strtol(line + 5, NULL, 10) != number)
			scenario_fail("line %ld reads: %s", number, line);
	scenario_check_equal(number, atomic_load(&lines));
	scenario_pass();
}
