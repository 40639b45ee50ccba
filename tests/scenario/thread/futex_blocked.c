/* SPDX-License-Identifier: MIT */
/* Threads blocked on a mutex, a condition variable, a semaphore and a barrier are woken by what they wait
 * for. */
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t condition_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static sem_t semaphore;
static bool is_set;
static atomic_int tids[4], passed;

static void *wait_mutex(void *unused)
{
	atomic_store(&tids[0], gettid());
	scenario_check(pthread_mutex_lock(&mutex) == 0);
	atomic_fetch_add(&passed, 1);
	scenario_check(pthread_mutex_unlock(&mutex) == 0);
	return unused;
}

static void *wait_condition(void *unused)
{
	scenario_check(pthread_mutex_lock(&condition_mutex) == 0);
	atomic_store(&tids[1], gettid());
	while (!is_set)
		scenario_check(pthread_cond_wait(&condition, &condition_mutex) == 0);
	atomic_fetch_add(&passed, 1);
	scenario_check(pthread_mutex_unlock(&condition_mutex) == 0);
	return unused;
}

static void *wait_semaphore(void *unused)
{
	atomic_store(&tids[2], gettid());
	/* sem_wait(3) may not fail with EINTR: no handler runs here. */
	scenario_call(sem_wait(&semaphore));
	atomic_fetch_add(&passed, 1);
	return unused;
}

static void *wait_barrier(void *unused)
{
	atomic_store(&tids[3], gettid());
	pthread_barrier_wait(&barrier);
	atomic_fetch_add(&passed, 1);
	return unused;
}

int main(void)
{
	void *(*const bodies[])(void *) = {wait_mutex, wait_condition, wait_semaphore, wait_barrier};
	pthread_t threads[4];

	scenario_call(sem_init(&semaphore, 0, 0));
	scenario_check(pthread_barrier_init(&barrier, NULL, 2) == 0);
	scenario_check(pthread_mutex_lock(&mutex) == 0);
	for (int i = 0; i < 4; i++) {
		scenario_check(pthread_create(&threads[i], NULL, bodies[i], NULL) == 0);
		while (!atomic_load(&tids[i]))
			scenario_sleep_ms(1);
		scenario_wait_blocked(tids[i], SYS_futex);
	}
	scenario_checkpoint();
	scenario_sleep_ms(20);
	scenario_check_equal(atomic_load(&passed), 0);
	scenario_check(pthread_mutex_unlock(&mutex) == 0);
	scenario_check(pthread_join(threads[0], NULL) == 0);
	scenario_check(pthread_mutex_lock(&condition_mutex) == 0);
	is_set = true;
	scenario_check(pthread_cond_signal(&condition) == 0);
	scenario_check(pthread_mutex_unlock(&condition_mutex) == 0);
	scenario_check(pthread_join(threads[1], NULL) == 0);
	scenario_call(sem_post(&semaphore));
	scenario_check(pthread_join(threads[2], NULL) == 0);
	pthread_barrier_wait(&barrier);
	scenario_check(pthread_join(threads[3], NULL) == 0);
	scenario_check_equal(atomic_load(&passed), 4);
	scenario_pass();
}
