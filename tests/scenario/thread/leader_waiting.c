/* SPDX-License-Identifier: MIT */
/* A main thread that waits in pthread_join(3) all the time, while another one does the work, is woken at the
 * end. */
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

static void *work(void *unused)
{
	(void)unused;
	scenario_wait_blocked(getpid(), SYS_futex);
	scenario_checkpoint();
	scenario_wait_blocked(getpid(), SYS_futex);
	return (void *)4711L;
}

int main(void)
{
	pthread_t thread;
	void *result;

	scenario_check(pthread_create(&thread, NULL, work, NULL) == 0);
	scenario_check(pthread_join(thread, &result) == 0);
	scenario_check_equal((long)result, 4711);
	scenario_pass();
}
