/* SPDX-License-Identifier: MIT */
/* A timer made with SIGEV_THREAD, for which the C library keeps a thread of its own, still calls its
 * function. */
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

#include "scenario.h"

static atomic_int count;

static void on_expiry(union sigval value)
{
	if (value.sival_int == 31)
		atomic_fetch_add(&count, 1);
}

int main(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_THREAD,
				 .sigev_notify_function = on_expiry,
				 .sigev_value = {.sival_int = 31}};
	struct itimerspec value = {.it_value = {.tv_nsec = 10 * SCENARIO_MS}};
	timer_t timer;
	int64_t end;

	scenario_call(timer_create(CLOCK_MONOTONIC, &event, &timer));
	scenario_call(timer_settime(timer, 0, &value, NULL));
	while (atomic_load(&count) < 1)
		scenario_sleep_ms(1);
	scenario_sleep_ms(20);
	scenario_checkpoint();
	scenario_call(timer_settime(timer, 0, &value, NULL));
	end = scenario_now_ns(CLOCK_MONOTONIC) + 10 * SCENARIO_SECOND;
	while (atomic_load(&count) < 2)
		scenario_check(scenario_now_ns(CLOCK_MONOTONIC) < end);
	scenario_call(timer_delete(timer));
	scenario_pass();
}
