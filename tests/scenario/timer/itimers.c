/* SPDX-License-Identifier: MIT */
/* ITIMER_REAL, VIRTUAL and PROF keep interval and remaining time, and fire. */
#include <signal.h>
#include <sys/time.h>

#include "scenario.h"

static const int kinds[] = {ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF};
static const int signals[] = {SIGALRM, SIGVTALRM, SIGPROF};
static volatile sig_atomic_t counts[3];

static void on_signal(int number)
{
	for (int i = 0; i < 3; i++)
		if (signals[i] == number)
			counts[i]++;
}

static int64_t microseconds(struct timeval time)
{
	return time.tv_sec * 1000000LL + time.tv_usec;
}

int main(void)
{
	struct itimerval value, near = {.it_interval = {0, 40000}, .it_value = {0, 40000}};

	for (int i = 0; i < 3; i++) {
		struct itimerval far = {.it_interval = {100 + i, 1000 * i}, .it_value = {1000 + i, 0}};

		scenario_call((long)signal(signals[i], on_signal));
		scenario_call(setitimer(kinds[i], &far, NULL));
	}
	scenario_sleep_ms(50);
	scenario_checkpoint();
	for (int i = 0; i < 3; i++) {
		int64_t remaining;

		scenario_call(getitimer(kinds[i], &value));
		scenario_check_equal(value.it_interval.tv_sec, 100 + i);
		/* The timers of CPU time count in ticks. */
		scenario_check(value.it_interval.tv_usec >= 1000 * i &&
			       value.it_interval.tv_usec < 1000 * i + 10000);
		remaining = microseconds(value.it_value);
		if (remaining > (1000 + i) * 1000000LL + 10000 || remaining < (1000 + i - 20) * 1000000LL)
			scenario_fail("timer %d has %lld us left", i, (long long)remaining);
	}
	scenario_call(getitimer(ITIMER_REAL, &value));
	scenario_check(microseconds(value.it_value) <= 1000 * 1000000LL - 50000);
	for (int i = 0; i < 3; i++)
		scenario_call(setitimer(kinds[i], &near, NULL));
	scenario_checkpoint();
	for (int64_t end = scenario_now_ns(CLOCK_MONOTONIC) + 5 * SCENARIO_SECOND;
	     counts[0] < 3 || counts[1] < 3 || counts[2] < 3;)
		if (scenario_now_ns(CLOCK_MONOTONIC) > end)
			scenario_fail("timers fired %d, %d, %d times", counts[0], counts[1], counts[2]);
	scenario_pass();
}
