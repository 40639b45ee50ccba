/* SPDX-License-Identifier: MIT */
/* Each thread keeps its own timer slack. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/prctl.h>

#include "scenario.h"

static atomic_bool released;
static atomic_int ready;

static void *work(void *argument)
{
	scenario_call(prctl(PR_SET_TIMERSLACK, (long)argument, 0, 0, 0));
	atomic_fetch_add(&ready, 1);
	while (!atomic_load(&released))
		scenario_sleep_ms(1);
	scenario_check_equal(prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0), (long)argument);
	return NULL;
}

int main(void)
{
	pthread_t threads[3];

	for (long i = 0; i < 3; i++)
		scenario_check(pthread_create(&threads[i], NULL, work, (void *)(i * 1000 + 1)) == 0);
	scenario_call(prctl(PR_SET_TIMERSLACK, 123456, 0, 0, 0));
	while (atomic_load(&ready) < 3)
		scenario_sleep_ms(1);
	scenario_checkpoint();
	scenario_check_equal(prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0), 123456);
	atomic_store(&released, true);
	for (int i = 0; i < 3; i++)
		scenario_check(pthread_join(threads[i], NULL) == 0);
	/* Back to its default, which the thread's creator gave it. */
	scenario_call(prctl(PR_SET_TIMERSLACK, 0, 0, 0, 0));
	scenario_check_equal(prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0), 50000);
	scenario_pass();
}
