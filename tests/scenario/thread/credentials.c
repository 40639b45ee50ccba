/* SPDX-License-Identifier: MIT */
/* Threads that changed their own ids and capabilities by system call keep them, each its own. */
/* needs: root */
#include <linux/capability.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

#define THREADS 4

static atomic_bool released;
static atomic_int ready;

static void *work(void *argument)
{
	unsigned int number = (unsigned int)(long)argument;
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[2], got[2];
	uid_t real, effective, saved;

	scenario_call(syscall(SYS_capget, &header, sets));
	sets[0].effective &= ~(1U << number);
	sets[0].inheritable = 1U << (number + 4);
	scenario_call(syscall(SYS_capset, &header, sets));
	if (number == 2)
		scenario_call(syscall(SYS_setresuid, 0, 0, 12345));
	if (number == 3)
		scenario_call(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	atomic_fetch_add(&ready, 1);
	while (!atomic_load(&released))
		scenario_sleep_ms(1);
	scenario_call(syscall(SYS_capget, &header, got));
	if (memcmp(sets, got, sizeof(sets)) != 0)
		scenario_fail("thread %u: effective %#x permitted %#x inheritable %#x", number,
			      got[0].effective, got[0].permitted, got[0].inheritable);
	scenario_call(syscall(SYS_getresuid, &real, &effective, &saved));
	scenario_check(real == 0 && effective == 0 && saved == (number == 2 ? 12345 : 0));
	scenario_check_equal(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), number == 3);
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS];

	for (long i = 0; i < THREADS; i++)
		scenario_check(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
	while (atomic_load(&ready) < THREADS)
		scenario_sleep_ms(1);
	scenario_checkpoint();
	atomic_store(&released, true);
	for (int i = 0; i < THREADS; i++)
		scenario_check(pthread_join(threads[i], NULL) == 0);
	scenario_check_equal(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
	scenario_pass();
}
