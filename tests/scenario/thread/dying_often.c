/* SPDX-License-Identifier: MIT */
/* A program whose threads are born and end all the time is frozen as a whole, and none is lost or doubled. */
/* no-compare */
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "scenario.h"

#define SPAWNERS 3

static atomic_bool released;
static atomic_long started, ended;

static void *live_briefly(void *argument)
{
	atomic_fetch_add(&ended, 1);
	return argument;
}

static void *spawn(void *unused)
{
	while (!atomic_load(&released)) {
		pthread_t thread;
		void *result;
		long number = atomic_fetch_add(&started, 1);

		scenario_check(pthread_create(&thread, NULL, live_briefly, (void *)number) == 0);
		scenario_check(pthread_join(thread, &result) == 0);
		scenario_check_equal((long)result, number);
	}
	return unused;
}

int main(void)
{
	pthread_t threads[SPAWNERS];
	long before;

	for (int i = 0; i < SPAWNERS; i++)
		scenario_check(pthread_create(&threads[i], NULL, spawn, NULL) == 0);
	while (atomic_load(&started) < 100)
		scenario_sleep_ms(1);
	scenario_checkpoint();
	before = atomic_load(&started);
	while (atomic_load(&started) < before + 100)
		scenario_sleep_ms(1);
	atomic_store(&released, true);
	for (int i = 0; i < SPAWNERS; i++)
		scenario_check(pthread_join(threads[i], NULL) == 0);
	scenario_check_equal(atomic_load(&ended), atomic_load(&started));
	scenario_pass();
}
