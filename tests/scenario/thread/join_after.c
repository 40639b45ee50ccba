/* SPDX-License-Identifier: MIT */
/* Threads blocked in pthread_join(3) see the others end: clear_child_tid is written and woken, detached ones
 * too. */
/* no-compare */
/* Its threads are exiting meanwhile. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

static atomic_bool released;
static atomic_int joiner_tid, detached_left;
static pthread_t worker;

static void *work(void *argument)
{
	while (!atomic_load(&released))
		scenario_sleep_ms(1);
	return argument;
}

static void *join(void *unused)
{
	void *result;

	(void)unused;
	atomic_store(&joiner_tid, gettid());
	scenario_check(pthread_join(worker, &result) == 0);
	return result;
}

static void *leave(void *unused)
{
	work(NULL);
	atomic_fetch_sub(&detached_left, 1);
	return unused;
}

int main(void)
{
	pthread_t joiner, detached, late;
	pthread_attr_t attributes;
	void *result;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	scenario_check(pthread_create(&worker, NULL, work, (void *)1234L) == 0);
	scenario_check(pthread_create(&joiner, NULL, join, NULL) == 0);
	scenario_check(pthread_create(&late, NULL, work, (void *)5678L) == 0);
	atomic_store(&detached_left, 1);
	scenario_check(pthread_create(&detached, &attributes, leave, NULL) == 0);
	while (!atomic_load(&joiner_tid))
		scenario_sleep_ms(1);
	scenario_wait_blocked(joiner_tid, SYS_futex);
	scenario_checkpoint();
	scenario_check(pthread_tryjoin_np(late, &result) == EBUSY);
	atomic_store(&released, true);
	scenario_check(pthread_join(joiner, &result) == 0);
	scenario_check_equal((long)result, 1234);
	scenario_check(pthread_join(late, &result) == 0);
	scenario_check_equal((long)result, 5678);
	for (int i = 0; i < 2000; i++) {
		char threads[16];

		scenario_status_field("Threads", threads, sizeof(threads));
		if (strcmp(threads, "1") == 0)
			scenario_pass();
		scenario_sleep_ms(1);
	}
	scenario_fail("a thread is left over");
}
