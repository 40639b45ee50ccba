/* SPDX-License-Identifier: MIT */
/* 64 threads keep their ids, their thread-local data, their stacks and their place in a loop. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

#define THREADS 64

static __thread int own_number = -1;
static __thread char own_block[3000];
static atomic_int ready;
static atomic_bool released;

static void *work(void *argument)
{
	int number = (int)(long)argument;
	pid_t tid = gettid();
	pthread_t self = pthread_self();

	own_number = number;
	scenario_fill(own_block, sizeof(own_block), (uint64_t)number);
	atomic_fetch_add(&ready, 1);
	while (!atomic_load(&released)) {
		for (volatile int i = 0; i < number * 100; i++)
			;
		scenario_sleep_ms(3);
	}
	scenario_check_equal(own_number, number);
	scenario_check_equal(gettid(), tid);
	scenario_check(pthread_equal(self, pthread_self()));
	scenario_check(scenario_is_filled(own_block, sizeof(own_block), (uint64_t)number));
	return (void *)(long)tid;
}

int main(void)
{
	pthread_t threads[THREADS];
	long sum = 0;

	for (long i = 0; i < THREADS; i++)
		scenario_check(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
	while (atomic_load(&ready) < THREADS)
		scenario_sleep_ms(1);
	scenario_checkpoint();
	atomic_store(&released, true);
	for (long i = 0; i < THREADS; i++) {
		void *tid;

		scenario_check(pthread_join(threads[i], &tid) == 0);
		sum += (long)tid;
	}
	scenario_check(sum > 0);
	scenario_check_equal(own_number, -1);
	/* The C library can still make new ones. */
	scenario_check(pthread_create(&threads[0], NULL, work, (void *)77L) == 0);
	scenario_check(pthread_join(threads[0], NULL) == 0);
	scenario_pass();
}
