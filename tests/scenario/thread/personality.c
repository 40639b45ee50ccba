/* SPDX-License-Identifier: MIT */
/* Each thread keeps its own personality(2). */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/personality.h>

#include "scenario.h"

#define QUERY 0xffffffff

static const unsigned long personalities[] = {
	ADDR_NO_RANDOMIZE,
	0,
	UNAME26 | SHORT_INODE,
};
#define COUNT (sizeof(personalities) / sizeof(personalities[0]))

static atomic_bool released;
static atomic_uint ready;

static void *work(void *argument)
{
	const unsigned long *own = argument;

	scenario_call(personality(*own));
	atomic_fetch_add(&ready, 1);
	while (!atomic_load(&released))
		scenario_sleep_ms(1);
	scenario_check_equal(personality(QUERY), *own);
	return NULL;
}

int main(void)
{
	pthread_t threads[COUNT];

	for (size_t i = 1; i < COUNT; i++)
		scenario_check(pthread_create(&threads[i], NULL, work, (void *)&personalities[i]) == 0);
	while (atomic_load(&ready) < COUNT - 1)
		scenario_sleep_ms(1);
	scenario_call(personality(personalities[0]));
	scenario_checkpoint();
	atomic_store(&released, true);
	scenario_check_equal(personality(QUERY), personalities[0]);
	for (size_t i = 1; i < COUNT; i++)
		scenario_check(pthread_join(threads[i], NULL) == 0);
	scenario_pass();
}
