/* SPDX-License-Identifier: MIT */
/* The I/O priorities of process and thread are kept. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

#define WHO_PROCESS 1
#define BEST_EFFORT (2 << 13)
#define IDLE (3 << 13)

static atomic_bool released;
static atomic_int ready;

static void *work(void *unused)
{
	scenario_call(syscall(SYS_ioprio_set, WHO_PROCESS, 0, IDLE));
	atomic_store(&ready, 1);
	while (!atomic_load(&released))
		scenario_sleep_ms(1);
	scenario_check_equal(syscall(SYS_ioprio_get, WHO_PROCESS, 0), IDLE);
	return unused;
}

int main(void)
{
	pthread_t thread;

	scenario_check(pthread_create(&thread, NULL, work, NULL) == 0);
	scenario_call(syscall(SYS_ioprio_set, WHO_PROCESS, 0, BEST_EFFORT | 6));
	while (!atomic_load(&ready))
		scenario_sleep_ms(1);
	scenario_checkpoint();
	scenario_check_equal(syscall(SYS_ioprio_get, WHO_PROCESS, 0), BEST_EFFORT | 6);
	atomic_store(&released, true);
	scenario_check(pthread_join(thread, NULL) == 0);
	scenario_pass();
}
