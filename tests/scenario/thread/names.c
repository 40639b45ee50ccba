/* SPDX-License-Identifier: MIT */
/* Each thread keeps its own name, with whatever bytes are in it. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "scenario.h"

static const char *const names[] = {
	"", ") R 1 2 (", "new\nline\ttab", "fifteen bytes.", "\xff\xfe\x80", "  blanks  ", "%s%n\\012",
};
#define COUNT (sizeof(names) / sizeof(names[0]))

static atomic_bool released;
static atomic_uint ready;

static void *work(void *argument)
{
	const char *name = argument;
	char got[16] = "unset";

	scenario_call(prctl(PR_SET_NAME, name));
	atomic_fetch_add(&ready, 1);
	while (!atomic_load(&released))
		scenario_sleep_ms(1);
	scenario_call(prctl(PR_GET_NAME, got));
	if (strcmp(got, name) != 0)
		scenario_fail("the thread '%s' is called '%s' now", name, got);
	return NULL;
}

int main(void)
{
	pthread_t threads[COUNT];
	char got[16];

	for (size_t i = 0; i < COUNT; i++)
		scenario_check(pthread_create(&threads[i], NULL, work, (void *)names[i]) == 0);
	scenario_call(prctl(PR_SET_NAME, "(main) thread"));
	while (atomic_load(&ready) < COUNT)
		scenario_sleep_ms(1);
	scenario_checkpoint();
	atomic_store(&released, true);
	for (size_t i = 0; i < COUNT; i++)
		scenario_check(pthread_join(threads[i], NULL) == 0);
	scenario_call(prctl(PR_GET_NAME, got));
	scenario_check(strcmp(got, "(main) thread") == 0);
	scenario_pass();
}
