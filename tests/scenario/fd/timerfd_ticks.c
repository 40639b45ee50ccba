/* SPDX-License-Identifier: MIT */
/* Expirations that have not been read are there to be read; one that was read does not come back. */
#include <poll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "scenario.h"

static int start(clockid_t clock, int flags, int64_t value_ns, int64_t interval_ns)
{
	int fd = scenario_call(timerfd_create(clock, TFD_NONBLOCK));
	struct itimerspec spec = {
		.it_value = {value_ns / SCENARIO_SECOND, value_ns % SCENARIO_SECOND},
		.it_interval = {interval_ns / SCENARIO_SECOND, interval_ns % SCENARIO_SECOND}};

	scenario_call(timerfd_settime(fd, flags, &spec, NULL));
	return fd;
}

static void wait_ready(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	scenario_check_equal(poll(&poll_fd, 1, 5000), 1);
}

static uint64_t ticks_of(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	uint64_t count = 0;
	int ready = scenario_call(poll(&poll_fd, 1, 0));

	if (read(fd, &count, 8) != 8)
		scenario_check(errno == EAGAIN);
	scenario_check_equal(ready, count > 0);
	return count;
}

int main(void)
{
	struct itimerspec left;
	int once = start(CLOCK_MONOTONIC, 0, SCENARIO_MS, 0);
	int once_read = start(CLOCK_MONOTONIC, 0, SCENARIO_MS, 0);
	int past =
		start(CLOCK_REALTIME, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, 1000 * SCENARIO_SECOND, 0);
	/* Since 1970, each second. */
	int past_periodic = start(CLOCK_REALTIME, TFD_TIMER_ABSTIME, SCENARIO_SECOND, SCENARIO_SECOND);
	int slow = start(CLOCK_BOOTTIME, 0, SCENARIO_MS, 1000 * SCENARIO_SECOND);
	int slow_read = start(CLOCK_BOOTTIME, 0, SCENARIO_MS, 1000 * SCENARIO_SECOND);
	int quick = start(CLOCK_MONOTONIC, 0, 2 * SCENARIO_MS, 2 * SCENARIO_MS);
	int64_t quick_start = scenario_now_ns(CLOCK_MONOTONIC), seconds, elapsed_ms;
	uint64_t count;

	wait_ready(once);
	wait_ready(once_read);
	wait_ready(past);
	wait_ready(past_periodic);
	wait_ready(slow);
	wait_ready(slow_read);
	wait_ready(quick);
	scenario_check_equal(ticks_of(once_read), 1);
	scenario_check_equal(ticks_of(slow_read), 1);
	scenario_sleep_ms(300);
	scenario_checkpoint();
	scenario_check_equal(ticks_of(once_read), 0);
	scenario_check_equal(ticks_of(slow_read), 0);
	scenario_check_equal(ticks_of(once), 1);
	scenario_check_equal(ticks_of(once), 0);
	scenario_check_equal(ticks_of(past), 1);
	scenario_check_equal(ticks_of(slow), 1);
	scenario_call(timerfd_gettime(slow, &left));
	scenario_check(left.it_value.tv_sec > 970 && left.it_value.tv_sec < 1000);
	/* That of a time of day goes on while the program does not. */
	count = ticks_of(past_periodic);
	seconds = scenario_now_ns(CLOCK_REALTIME) / SCENARIO_SECOND;
	if ((int64_t)count < seconds - 2 || (int64_t)count > seconds)
		scenario_fail("%llu expirations in %lld seconds", (unsigned long long)count,
			      (long long)seconds);
	/* Others count on from where they were. Short freezes are not noticed by scenario_frozen_ns(). */
	elapsed_ms = (scenario_now_ns(CLOCK_MONOTONIC) - quick_start) / SCENARIO_MS;
	count = ticks_of(quick);
	if ((int64_t)count > elapsed_ms / 2 + 1 ||
	    (int64_t)count < (elapsed_ms - scenario_frozen_ns() / SCENARIO_MS) / 2 - 40)
		scenario_fail("%llu expirations in %lld ms", (unsigned long long)count,
			      (long long)elapsed_ms);
	wait_ready(quick);
	scenario_pass();
}
