/* SPDX-License-Identifier: MIT */
/* Many POSIX timers, more than can be asked about at once: each keeps its clock, interval, time left and
 * value. */
#include <signal.h>
#include <time.h>

#include "scenario.h"

#define TIMERS 700

static timer_t timers[TIMERS];

static struct itimerspec setting(int i)
{
	return (struct itimerspec){.it_value = {.tv_sec = 10000 + 1000L * i},
				   .it_interval = {.tv_sec = i, .tv_nsec = i}};
}

int main(void)
{
	static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME,
					   CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID};

	for (int i = 0; i < TIMERS; i++) {
		struct itimerspec wanted = setting(i);
		struct sigevent event = {.sigev_notify = SIGEV_SIGNAL,
					 .sigev_signo = SIGRTMIN + i % 8,
					 .sigev_value.sival_int = i};

		scenario_call(timer_create(clocks[i % 5], &event, &timers[i]));
		scenario_call(timer_settime(timers[i], 0, &wanted, NULL));
	}
	scenario_checkpoint();
	for (int i = 0; i < TIMERS; i++) {
		struct itimerspec now, wanted = setting(i);

		scenario_call(timer_gettime(timers[i], &now));
		if (now.it_interval.tv_sec != wanted.it_interval.tv_sec ||
		    now.it_interval.tv_nsec != wanted.it_interval.tv_nsec ||
		    now.it_value.tv_sec > wanted.it_value.tv_sec ||
		    now.it_value.tv_sec < wanted.it_value.tv_sec - 900)
			scenario_fail("timer %d: every %ld.%09ld s, in %ld s", i,
				      (long)now.it_interval.tv_sec, now.it_interval.tv_nsec,
				      (long)now.it_value.tv_sec);
	}
	scenario_pass();
}
