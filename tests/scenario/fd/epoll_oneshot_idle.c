/* SPDX-License-Identifier: MIT */
/* A one-shot target that has been reported tells nothing more, even if it was ready for nothing at the
 * checkpoint. */
/* no-compare */
/* The kernel shows that it would tell of errors, of which it has none. */
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "scenario.h"

static int64_t reported(int epoll, int timeout_ms)
{
	struct epoll_event event;
	int count = scenario_call(epoll_wait(epoll, &event, 1, timeout_ms));

	return count == 1 ? (int64_t)event.data.u64 : -1;
}

int main(void)
{
	const struct itimerspec soon = {.it_value = {.tv_nsec = 1}};
	struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT, .data.u64 = 5};
	int epoll = scenario_call(epoll_create1(0));
	int timer = scenario_call(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));
	uint64_t value;

	scenario_call(epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event));
	scenario_call(timerfd_settime(timer, 0, &soon, NULL));
	scenario_check_equal(reported(epoll, 5000), 5);
	scenario_check_equal(read(timer, &value, 8), 8);
	scenario_checkpoint();
	scenario_check_equal(reported(epoll, 0), -1);
	scenario_call(timerfd_settime(timer, 0, &soon, NULL));
	scenario_check_equal(reported(epoll, 50), -1);
	event.data.u64 = 6;
	scenario_call(epoll_ctl(epoll, EPOLL_CTL_MOD, timer, &event));
	scenario_check_equal(reported(epoll, 0), 6);
	scenario_pass();
}
