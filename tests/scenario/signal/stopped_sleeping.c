/* SPDX-License-Identifier: MIT */
/* Threads stopped in the middle of system calls go on in them once continued: no EINTR, no early end. */
/* stopped */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "scenario.h"

static atomic_int tids[2];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *sleep_long(void *unused)
{
	int64_t start = scenario_now_ns(CLOCK_MONOTONIC);
	struct timespec time = {.tv_nsec = 500000000};

	atomic_store(&tids[0], gettid());
	scenario_check_equal(clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL), 0);
	scenario_check(scenario_now_ns(CLOCK_MONOTONIC) - start >= 500 * SCENARIO_MS);
	return unused;
}

static void *lock(void *unused)
{
	atomic_store(&tids[1], gettid());
	scenario_check_equal(pthread_mutex_lock(&mutex), 0);
	return unused;
}

int main(void)
{
	pthread_t threads[2];

	pthread_mutex_lock(&mutex);
	scenario_check(pthread_create(&threads[0], NULL, sleep_long, NULL) == 0);
	scenario_check(pthread_create(&threads[1], NULL, lock, NULL) == 0);
	while (!atomic_load(&tids[0]) || !atomic_load(&tids[1]))
		scenario_sleep_ms(1);
	scenario_wait_blocked(tids[0], SYS_clock_nanosleep);
	scenario_wait_blocked(tids[1], SYS_futex);
	scenario_announce();
	scenario_call(kill(getpid(), SIGSTOP));
	scenario_check(scenario_is_released());
	scenario_check_equal(pthread_mutex_unlock(&mutex), 0);
	for (int i = 0; i < 2; i++)
		scenario_check(pthread_join(threads[i], NULL) == 0);
	scenario_pass();
}
