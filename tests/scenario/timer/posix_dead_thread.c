/* SPDX-License-Identifier: MIT */
/* A timer whose thread has exited signals nobody, but goes on: it can be asked, set and deleted. */
/* no-compare */
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

static timer_t timer, idle;

static void *create(void *argument)
{
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN + 1};
	const struct itimerspec far = {.it_value.tv_sec = 5000, .it_interval.tv_sec = 7};

	(void)argument;
	event._sigev_un._tid = (pid_t)syscall(SYS_gettid);
	scenario_call(timer_create(CLOCK_MONOTONIC, &event, &timer));
	scenario_call(timer_create(CLOCK_REALTIME, &event, &idle));
	scenario_call(timer_settime(timer, 0, &far, NULL));
	return NULL;
}

int main(void)
{
	const struct itimerspec soon = {.it_value.tv_nsec = 1000};
	struct itimerspec left;
	pthread_t thread;

	scenario_check(pthread_create(&thread, NULL, create, NULL) == 0);
	scenario_check(pthread_join(thread, NULL) == 0);
	scenario_checkpoint();
	scenario_call(timer_gettime(timer, &left));
	scenario_check(left.it_value.tv_sec > 4000 && left.it_value.tv_sec < 5000);
	scenario_check_equal(left.it_interval.tv_sec, 7);
	scenario_call(timer_gettime(idle, &left));
	scenario_check(left.it_value.tv_sec == 0 && left.it_value.tv_nsec == 0);
	scenario_call(timer_settime(timer, 0, &soon, NULL));
	do
		scenario_call(timer_gettime(timer, &left));
	while (left.it_value.tv_sec != 0 || left.it_value.tv_nsec != 0);
	scenario_call(timer_delete(timer));
	scenario_call(timer_delete(idle));
	scenario_pass();
}
