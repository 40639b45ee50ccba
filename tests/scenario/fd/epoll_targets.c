/* SPDX-License-Identifier: MIT */
/* What an epoll instance watches, with which events and data, is kept, and what was ready is reported again.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "scenario.h"

static void watch(int epoll, int fd, uint32_t events, uint64_t data)
{
	struct epoll_event event = {.events = events, .data.u64 = data};

	scenario_call(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
}

/* The events reported for DATA, 0 if none are. */
static uint32_t reported(int epoll, uint64_t data)
{
	struct epoll_event events[16];
	uint32_t found = 0;
	int count = scenario_call(epoll_wait(epoll, events, 16, 0));

	for (int i = 0; i < count; i++)
		if (events[i].data.u64 == data)
			found |= events[i].events;
	return found;
}

static int reported_count(int epoll)
{
	struct epoll_event events[16];

	return scenario_call(epoll_wait(epoll, events, 16, 0));
}

int main(void)
{
	const struct itimerspec soon = {.it_value = {.tv_nsec = 1}};
	int full, empty, timer, signals, epoll, copy, flags;
	struct epoll_event event;
	uint64_t value = UINT64_MAX - 1;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	scenario_call(sigprocmask(SIG_BLOCK, &set, NULL));
	full = scenario_call(eventfd(0, EFD_NONBLOCK));
	empty = scenario_call(eventfd(0, EFD_NONBLOCK));
	timer = scenario_call(timerfd_create(CLOCK_MONOTONIC, 0));
	signals = scenario_call(signalfd(-1, &set, SFD_NONBLOCK));
	epoll = scenario_call(epoll_create1(EPOLL_CLOEXEC));
	scenario_check_equal(write(full, &value, 8), 8);
	watch(epoll, full, EPOLLIN | EPOLLOUT, 0x8000000000000001);
	watch(epoll, empty, EPOLLIN, 2);
	watch(epoll, timer, EPOLLIN | EPOLLPRI, UINT64_MAX);
	watch(epoll, signals, EPOLLIN | EPOLLRDHUP, 0);
	copy = scenario_call(dup(epoll));
	flags = scenario_call(fcntl(epoll, F_GETFL));
	scenario_checkpoint();
	scenario_check_equal(fcntl(epoll, F_GETFD), FD_CLOEXEC);
	scenario_check_equal(fcntl(epoll, F_GETFL), flags);
	scenario_check_equal(reported_count(epoll), 1);
	scenario_check_equal(reported(copy, 0x8000000000000001), EPOLLIN);
	value = 5;
	scenario_check_equal(write(empty, &value, 8), 8);
	scenario_check_equal(reported(epoll, 2), EPOLLIN);
	scenario_call(timerfd_settime(timer, 0, &soon, NULL));
	scenario_call(read(empty, &value, 8));
	scenario_call(read(full, &value, 8));
	scenario_check_equal(reported(epoll, 0x8000000000000001), EPOLLOUT);
	scenario_call(epoll_ctl(epoll, EPOLL_CTL_DEL, full, NULL));
	/* Whoever waits is woken by it. */
	scenario_check_equal(epoll_wait(epoll, &event, 1, 5000), 1);
	scenario_check(event.data.u64 == UINT64_MAX && event.events == EPOLLIN);
	scenario_call(epoll_ctl(copy, EPOLL_CTL_DEL, timer, NULL));
	scenario_check_equal(reported_count(epoll), 0);
	scenario_call(raise(SIGUSR1));
	scenario_check_equal(epoll_wait(epoll, &event, 1, 0), 1);
	scenario_check(event.data.u64 == 0 && event.events == EPOLLIN);
	event = (struct epoll_event){.events = EPOLLOUT, .data.u64 = 7};
	scenario_call(epoll_ctl(epoll, EPOLL_CTL_MOD, empty, &event));
	scenario_check_equal(reported(epoll, 7), EPOLLOUT);
	scenario_check(epoll_ctl(epoll, EPOLL_CTL_ADD, signals, &event) == -1 && errno == EEXIST);
	scenario_check(epoll_ctl(epoll, EPOLL_CTL_DEL, full, NULL) == -1 && errno == ENOENT);
	scenario_pass();
}
