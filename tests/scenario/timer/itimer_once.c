/* SPDX-License-Identifier: MIT */
/* A one-shot alarm set before the checkpoint goes off after it, once, at its time. */
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include "scenario.h"

static volatile sig_atomic_t count;

static void on_alarm(int number)
{
	(void)number;
	count++;
}

int main(void)
{
	struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
	struct itimerval value = {.it_value = {0, 600000}};
	int64_t start, elapsed, most;

	scenario_run_first();
	scenario_call(sigaction(SIGALRM, &action, NULL));
	start = scenario_now_ns(CLOCK_MONOTONIC);
	scenario_call(setitimer(ITIMER_REAL, &value, NULL));
	scenario_sleep_ms(100);
	scenario_checkpoint();
	while (count == 0 && scenario_now_ns(CLOCK_MONOTONIC) < start + 10 * SCENARIO_SECOND)
		scenario_sleep_ms(1);
	elapsed = scenario_now_ns(CLOCK_MONOTONIC) - start;
	most = 660 * SCENARIO_MS + scenario_frozen_ns();
	if (elapsed < 599 * SCENARIO_MS || elapsed > most)
		scenario_fail("the alarm went off after %lld us", (long long)elapsed / 1000);
	scenario_call(getitimer(ITIMER_REAL, &value));
	scenario_check(value.it_value.tv_sec == 0 && value.it_value.tv_usec == 0);
	scenario_check_equal(count, 1);
	scenario_pass();
}
