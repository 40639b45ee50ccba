/* SPDX-License-Identifier: MIT */
/* Interval timers that fire all the time, over the checkpoint too, neither stop nor lose their rhythm. */
/* no-compare */
#include <signal.h>
#include <sys/time.h>

#include "scenario.h"

static volatile sig_atomic_t real_count, virtual_count;

static void on_signal(int number)
{
	if (number == SIGALRM)
		real_count++;
	else
		virtual_count++;
}

/*
 * Nearly all of it in user mode, of which alone the virtual timer takes notice; at ticks, so that some of
 * what others did between two of them is counted as well when they share the processor.
 */
static void burn(int64_t nanoseconds)
{
	int64_t end = scenario_now_ns(CLOCK_PROCESS_CPUTIME_ID) + nanoseconds;

	while (scenario_now_ns(CLOCK_PROCESS_CPUTIME_ID) < end)
		for (volatile int i = 0; i < 100000; i++)
			;
}

int main(void)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	struct itimerval value = {.it_interval = {0, 10000}, .it_value = {0, 10000}};
	int64_t start;
	int real, virtual;

	scenario_call(sigaction(SIGALRM, &action, NULL));
	scenario_call(sigaction(SIGVTALRM, &action, NULL));
	scenario_call(setitimer(ITIMER_REAL, &value, NULL));
	scenario_call(setitimer(ITIMER_VIRTUAL, &value, NULL));
	burn(40 * SCENARIO_MS);
	scenario_checkpoint();
	start = scenario_now_ns(CLOCK_MONOTONIC);
	real = real_count;
	virtual = virtual_count;
	burn(300 * SCENARIO_MS);
	real = real_count - real;
	virtual = virtual_count - virtual;
	start = (scenario_now_ns(CLOCK_MONOTONIC) - start) / SCENARIO_MS;
	if (real < 20 || real > start / 10 + 2)
		scenario_fail("ITIMER_REAL fired %d times in %lld ms", real, (long long)start);
	if (virtual < 15 || virtual > 45)
		scenario_fail("ITIMER_VIRTUAL fired %d times in 300 ms", virtual);
	scenario_call(getitimer(ITIMER_REAL, &value));
	scenario_check_equal(value.it_interval.tv_usec, 10000);
	scenario_pass();
}
