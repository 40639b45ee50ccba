/* SPDX-License-Identifier: MIT */
/* A process stopped by SIGSTOP is stopped after the restore, with all its threads, until it gets SIGCONT. */
/* stopped */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "scenario.h"

static atomic_bool released;
static atomic_long rounds;
static volatile sig_atomic_t continued;

static void on_continue(int number)
{
	(void)number;
	continued++;
}

static void *work(void *unused)
{
	while (!atomic_load(&released))
		atomic_fetch_add(&rounds, 1);
	return unused;
}

int main(void)
{
	struct sigaction action = {.sa_handler = on_continue, .sa_flags = SA_RESTART};
	pthread_t thread;
	long before;

	scenario_call(sigaction(SIGCONT, &action, NULL));
	scenario_check(pthread_create(&thread, NULL, work, NULL) == 0);
	scenario_announce();
	scenario_call(kill(getpid(), SIGSTOP));
	/* Only the runner's SIGCONT leads here, and that comes after "go". */
	scenario_check(scenario_is_released());
	scenario_check_equal(continued, 1);
	before = atomic_load(&rounds);
	while (atomic_load(&rounds) < before + 1000)
		scenario_sleep_ms(1);
	atomic_store(&released, true);
	scenario_check(pthread_join(thread, NULL) == 0);
	scenario_pass();
}
