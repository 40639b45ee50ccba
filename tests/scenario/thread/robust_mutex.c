/* SPDX-License-Identifier: MIT */
/* A thread that ends after the restore with a robust mutex held hands it on with EOWNERDEAD. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

static pthread_mutex_t mutexes[3];
static atomic_bool released;
static atomic_int is_held, waiter_tid;

static void *hold(void *unused)
{
	for (int i = 0; i < 3; i++)
		scenario_check(pthread_mutex_lock(&mutexes[i]) == 0);
	atomic_store(&is_held, 1);
	while (!atomic_load(&released))
		scenario_sleep_ms(1);
	return unused;
}

static void *wait_for(void *unused)
{
	atomic_store(&waiter_tid, gettid());
	scenario_check_equal(pthread_mutex_lock(&mutexes[0]), EOWNERDEAD);
	scenario_check(pthread_mutex_consistent(&mutexes[0]) == 0);
	scenario_check(pthread_mutex_unlock(&mutexes[0]) == 0);
	return unused;
}

int main(void)
{
	pthread_mutexattr_t attributes;
	pthread_t holder, waiter;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	for (int i = 0; i < 3; i++) {
		/* The last one has the kernel keep its waiters. */
		if (i == 2)
			pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
		scenario_check(pthread_mutex_init(&mutexes[i], &attributes) == 0);
	}
	scenario_check(pthread_create(&holder, NULL, hold, NULL) == 0);
	while (!atomic_load(&is_held))
		scenario_sleep_ms(1);
	scenario_check(pthread_create(&waiter, NULL, wait_for, NULL) == 0);
	while (!atomic_load(&waiter_tid))
		scenario_sleep_ms(1);
	scenario_wait_blocked(waiter_tid, SYS_futex);
	scenario_checkpoint();
	scenario_check_equal(pthread_mutex_trylock(&mutexes[1]), EBUSY);
	scenario_check_equal(pthread_mutex_trylock(&mutexes[2]), EBUSY);
	atomic_store(&released, true);
	scenario_check(pthread_join(holder, NULL) == 0);
	scenario_check(pthread_join(waiter, NULL) == 0);
	for (int i = 1; i < 3; i++) {
		scenario_check_equal(pthread_mutex_lock(&mutexes[i]), EOWNERDEAD);
		scenario_check(pthread_mutex_consistent(&mutexes[i]) == 0);
		scenario_check(pthread_mutex_unlock(&mutexes[i]) == 0);
	}
	scenario_pass();
}
