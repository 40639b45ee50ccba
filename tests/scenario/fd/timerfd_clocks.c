/* SPDX-License-Identifier: MIT */
/* Timers of every clock, relative and absolute, once and periodic, armed or not, keep their time left and
 * settings. */
#include <fcntl.h>
#include <poll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "scenario.h"

#define ABSOLUTE TFD_TIMER_ABSTIME
#define CANCEL (TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)

static struct kind {
	clockid_t clock;
	int flags;      /* of timerfd_settime */
	time_t seconds; /* 0: disarmed */
	int64_t interval_ns;
	int fd, file_flags;
} kinds[] = {
	{CLOCK_REALTIME, 0, 500, 0, -1, 0},
	{CLOCK_REALTIME, ABSOLUTE, 600, 0, -1, O_NONBLOCK},
	{CLOCK_REALTIME, CANCEL, 700, 0, -1, 0},
	{CLOCK_REALTIME, CANCEL, 750, 3 * SCENARIO_SECOND, -1, 0},
	{CLOCK_MONOTONIC, 0, 800, 0, -1, O_NONBLOCK},
	{CLOCK_MONOTONIC, ABSOLUTE, 900, 1, -1, 0},
	{CLOCK_MONOTONIC, 0, 1000, 7 * SCENARIO_SECOND + 1, -1, 0},
	{CLOCK_BOOTTIME, 0, 1100, 0, -1, 0},
	{CLOCK_BOOTTIME, ABSOLUTE, 1200, SCENARIO_SECOND / 2, -1, O_NONBLOCK},
	{CLOCK_REALTIME_ALARM, 0, 1300, 0, -1, 0},
	{CLOCK_REALTIME_ALARM, CANCEL, 1400, 0, -1, 0},
	{CLOCK_BOOTTIME_ALARM, ABSOLUTE, 1500, 0, -1, 0},
	{CLOCK_BOOTTIME_ALARM, 0, 1600, SCENARIO_SECOND, -1, 0},
	{CLOCK_MONOTONIC, 0, 0, 0, -1, 0},
	{CLOCK_MONOTONIC, ABSOLUTE, 0, 5 * SCENARIO_SECOND, -1, 0},
	{CLOCK_REALTIME, 0, INT32_MAX, 0, -1, 0},
};
#define COUNT (sizeof(kinds) / sizeof(kinds[0]))

static int64_t ns_of(struct timespec time)
{
	return time.tv_sec * SCENARIO_SECOND + time.tv_nsec;
}

/* Only a host with a clock that can wake it lets the clocks of that be read. */
static clockid_t readable_clock(clockid_t clock)
{
	return clock == CLOCK_REALTIME_ALARM   ? CLOCK_REALTIME
	       : clock == CLOCK_BOOTTIME_ALARM ? CLOCK_BOOTTIME
					       : clock;
}

static void start(struct kind *kind)
{
	struct itimerspec spec = {
		.it_interval = {kind->interval_ns / SCENARIO_SECOND, kind->interval_ns % SCENARIO_SECOND},
		.it_value = {.tv_sec = kind->seconds},
	};

	if (kind->seconds > 0 && kind->flags & TFD_TIMER_ABSTIME)
		scenario_call(clock_gettime(readable_clock(kind->clock), &spec.it_value)),
			spec.it_value.tv_sec += kind->seconds;
	kind->fd = timerfd_create(kind->clock, kind->file_flags & O_NONBLOCK ? TFD_NONBLOCK : TFD_CLOEXEC);
	if (kind->fd < 0 && errno == EPERM && kind->clock >= CLOCK_REALTIME_ALARM)
		return;
	scenario_call(kind->fd);
	kind->file_flags = scenario_call(fcntl(kind->fd, F_GETFL));
	scenario_call(timerfd_settime(kind->fd, kind->flags, &spec, NULL));
}

static void check(const struct kind *kind)
{
	struct pollfd poll_fd = {.fd = kind->fd, .events = POLLIN};
	const struct itimerspec soon = {.it_value = {.tv_nsec = SCENARIO_MS}};
	struct itimerspec left;
	uint64_t count;
	int64_t left_ns;

	if (kind->fd < 0)
		return;
	scenario_check_equal(fcntl(kind->fd, F_GETFL), kind->file_flags);
	scenario_check_equal(fcntl(kind->fd, F_GETFD), kind->file_flags & O_NONBLOCK ? 0 : FD_CLOEXEC);
	scenario_call(timerfd_gettime(kind->fd, &left));
	left_ns = ns_of(left.it_value);
	if (kind->seconds == 0)
		scenario_check_equal(left_ns, 0);
	else if (left_ns > kind->seconds * SCENARIO_SECOND ||
		 left_ns < (kind->seconds - 20) * SCENARIO_SECOND)
		scenario_fail("a timer of clock %d with %ld s has %lld ns left", kind->clock,
			      (long)kind->seconds, (long long)left_ns);
	scenario_check_equal(ns_of(left.it_interval), kind->interval_ns);
	scenario_check_equal(poll(&poll_fd, 1, 0), 0);
	/* It works on. */
	scenario_call(timerfd_settime(kind->fd, 0, &soon, NULL));
	scenario_check_equal(poll(&poll_fd, 1, 5000), 1);
	scenario_check_equal(read(kind->fd, &count, 8), 8);
	scenario_check_equal(count, 1);
}

int main(void)
{
	struct itimerspec left;
	int copy;

	for (size_t i = 0; i < COUNT; i++)
		start(&kinds[i]);
	copy = scenario_call(dup(kinds[0].fd));
	scenario_checkpoint();
	/* One timer under two numbers. */
	scenario_call(timerfd_gettime(copy, &left));
	scenario_check(left.it_value.tv_sec > 480 && left.it_value.tv_sec < 500);
	for (size_t i = 0; i < COUNT; i++)
		check(&kinds[i]);
	scenario_call(timerfd_gettime(copy, &left));
	scenario_check_equal(ns_of(left.it_value), 0);
	scenario_pass();
}
