/* SPDX-License-Identifier: MIT */
/* The signal for the parent's death is kept, of each thread its own, and does not come while restoring. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>

#include "scenario.h"

static atomic_bool released;
static atomic_int ready;

static void *work(void *unused)
{
	int number = 0;

	scenario_call(prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0));
	atomic_store(&ready, 1);
	while (!atomic_load(&released))
		scenario_sleep_ms(1);
	scenario_call(prctl(PR_GET_PDEATHSIG, &number, 0, 0, 0));
	scenario_check_equal(number, SIGTERM);
	return unused;
}

int main(void)
{
	pthread_t thread;
	sigset_t pending;
	int number = 0;

	scenario_call(prctl(PR_SET_PDEATHSIG, SIGUSR1, 0, 0, 0));
	scenario_check(pthread_create(&thread, NULL, work, NULL) == 0);
	while (!atomic_load(&ready))
		scenario_sleep_ms(1);
	scenario_checkpoint();
	scenario_call(prctl(PR_GET_PDEATHSIG, &number, 0, 0, 0));
	scenario_check_equal(number, SIGUSR1);
	scenario_call(sigpending(&pending));
	scenario_check(sigismember(&pending, SIGUSR1) == 0);
	atomic_store(&released, true);
	scenario_check(pthread_join(thread, NULL) == 0);
	scenario_pass();
}
