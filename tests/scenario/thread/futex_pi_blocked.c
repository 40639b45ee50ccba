/* SPDX-License-Identifier: MIT */
/* A thread blocked on a priority-inheritance mutex gets it when the owner lets go. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

static pthread_mutex_t mutex;
static atomic_int waiter_tid;
static atomic_bool has_lock;

static void *wait_for(void *unused)
{
	atomic_store(&waiter_tid, gettid());
	scenario_check_equal(pthread_mutex_lock(&mutex), 0);
	atomic_store(&has_lock, true);
	scenario_check_equal(pthread_mutex_unlock(&mutex), 0);
	return unused;
}

int main(void)
{
	pthread_mutexattr_t attributes;
	pthread_t waiter;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
	scenario_check(pthread_mutex_init(&mutex, &attributes) == 0);
	scenario_check_equal(pthread_mutex_lock(&mutex), 0);
	scenario_check(pthread_create(&waiter, NULL, wait_for, NULL) == 0);
	while (!atomic_load(&waiter_tid))
		scenario_sleep_ms(1);
	scenario_wait_blocked(waiter_tid, SYS_futex);
	scenario_checkpoint();
	scenario_sleep_ms(10);
	scenario_check(!atomic_load(&has_lock));
	scenario_check_equal(pthread_mutex_unlock(&mutex), 0);
	scenario_check(pthread_join(waiter, NULL) == 0);
	scenario_check(atomic_load(&has_lock));
	scenario_pass();
}
