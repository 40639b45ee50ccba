/* SPDX-License-Identifier: MIT */
/* Threads that wait in system calls over a checkpoint, and must go on waiting until something wakes them. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

struct waiter {
	/* Waits once. 1 if it ended as it should. */
	int (*wait)(void);
	long number; /* of the system call */
	pthread_t thread;
	atomic_int tid;
	atomic_bool is_done;
	int result;
};

static void *waiter_body(void *argument)
{
	struct waiter *waiter = argument;

	atomic_store(&waiter->tid, gettid());
	waiter->result = waiter->wait();
	atomic_store(&waiter->is_done, true);
	return NULL;
}

/* Returns when all are in their calls. */
static inline void waiters_start(struct waiter *waiters, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		scenario_check(pthread_create(&waiters[i].thread, NULL, waiter_body, &waiters[i]) == 0);
		while (!atomic_load(&waiters[i].tid))
			scenario_sleep_ms(1);
		scenario_wait_blocked(waiters[i].tid, waiters[i].number);
	}
}

static inline void waiters_check_waiting(struct waiter *waiters, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		scenario_wait_blocked(waiters[i].tid, waiters[i].number);
		if (atomic_load(&waiters[i].is_done))
			scenario_fail("waiter %zu was woken, with %d", i, waiters[i].result);
	}
}

static inline void waiters_join(struct waiter *waiters, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		scenario_check(pthread_join(waiters[i].thread, NULL) == 0);
		if (waiters[i].result != 1)
			scenario_fail("waiter %zu ended with %d", i, waiters[i].result);
	}
}
