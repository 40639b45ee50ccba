/* SPDX-License-Identifier: MIT */
/* Threads that wait for a timer, by read or poll, are woken when its time comes, neither before nor much
 * later. */
#include <poll.h>
#include <sys/timerfd.h>

#include "waiters.h"

#define LATE_MS 800

static int read_later, poll_later, read_disarmed;
static int64_t start_ns;

static bool is_in_time(void)
{
	int64_t elapsed_ns = scenario_now_ns(CLOCK_MONOTONIC) - start_ns;

	return elapsed_ns >= LATE_MS * SCENARIO_MS;
}

static int do_read(void)
{
	uint64_t count = 0;

	return read(read_later, &count, 8) == 8 && count == 1 && is_in_time();
}

static int do_poll(void)
{
	struct pollfd poll_fd = {.fd = poll_later, .events = POLLIN};

	return poll(&poll_fd, 1, -1) == 1 && poll_fd.revents == POLLIN && is_in_time();
}

static int do_read_disarmed(void)
{
	uint64_t count = 0;

	return read(read_disarmed, &count, 8) == 8 && count == 1;
}

static struct waiter waiters[] = {
	{.wait = do_read, .number = SYS_read},
	{.wait = do_poll, .number = SYS_poll},
	{.wait = do_read_disarmed, .number = SYS_read},
};

int main(void)
{
	const struct itimerspec later = {.it_value = {.tv_nsec = LATE_MS * SCENARIO_MS}};
	const struct itimerspec now = {.it_value = {.tv_nsec = 1}};
	int64_t most_ns;

	read_later = scenario_call(timerfd_create(CLOCK_MONOTONIC, 0));
	poll_later = scenario_call(timerfd_create(CLOCK_BOOTTIME, 0));
	read_disarmed = scenario_call(timerfd_create(CLOCK_REALTIME, 0));
	start_ns = scenario_now_ns(CLOCK_MONOTONIC);
	scenario_call(timerfd_settime(read_later, 0, &later, NULL));
	scenario_call(timerfd_settime(poll_later, 0, &later, NULL));
	waiters_start(waiters, 3);
	scenario_checkpoint();
	waiters_join(waiters, 2);
	most_ns = LATE_MS * 5 / 4 * SCENARIO_MS + scenario_frozen_ns();
	if (scenario_now_ns(CLOCK_MONOTONIC) - start_ns > most_ns)
		scenario_fail("took %lld ms",
			      (long long)(scenario_now_ns(CLOCK_MONOTONIC) - start_ns) / SCENARIO_MS);
	waiters_check_waiting(waiters + 2, 1);
	scenario_call(timerfd_settime(read_disarmed, 0, &now, NULL));
	waiters_join(waiters + 2, 1);
	scenario_pass();
}
