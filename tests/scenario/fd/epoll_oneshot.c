/* SPDX-License-Identifier: MIT */
/* One-shot targets: one that has been reported tells nothing, whatever happens, until it is armed again. */
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "scenario.h"

#define ONESHOT (EPOLLIN | EPOLLONESHOT)

static int epoll;

static void control(int operation, int fd, uint32_t events, uint64_t data)
{
	struct epoll_event event = {.events = events, .data.u64 = data};

	scenario_call(epoll_ctl(epoll, operation, fd, &event));
}

static int make(uint64_t data, uint32_t events)
{
	int fd = scenario_call(eventfd(0, EFD_NONBLOCK));

	control(EPOLL_CTL_ADD, fd, events, data);
	return fd;
}

static void add(int fd)
{
	uint64_t value = 1;

	scenario_check_equal(write(fd, &value, 8), 8);
}

static void drain(int fd)
{
	uint64_t value;

	scenario_check_equal(read(fd, &value, 8), 8);
}

/* The data of the only target that is reported, -1 if there is none. */
static int64_t reported(void)
{
	struct epoll_event events[8];
	int count = scenario_call(epoll_wait(epoll, events, 8, 0));

	scenario_check(count <= 1);
	if (count == 1)
		scenario_check_equal(events[0].events, EPOLLIN);
	return count == 1 ? (int64_t)events[0].data.u64 : -1;
}

int main(void)
{
	int armed, empty, ready, edge;

	epoll = scenario_call(epoll_create1(0));
	armed = make(1, ONESHOT);
	empty = make(2, ONESHOT);
	add(empty);
	scenario_check_equal(reported(), 2);
	drain(empty);
	ready = make(3, ONESHOT);
	add(ready);
	scenario_check_equal(reported(), 3);
	edge = make(4, ONESHOT | EPOLLET);
	add(edge);
	scenario_check_equal(reported(), 4);
	scenario_checkpoint();
	scenario_check_equal(reported(), -1);
	add(empty);
	add(ready);
	add(edge);
	scenario_check_equal(reported(), -1);
	add(armed);
	scenario_check_equal(reported(), 1);
	scenario_check_equal(reported(), -1);
	control(EPOLL_CTL_MOD, ready, ONESHOT, 3);
	scenario_check_equal(reported(), 3);
	control(EPOLL_CTL_MOD, empty, EPOLLIN, 7);
	scenario_check_equal(reported(), 7);
	scenario_check_equal(reported(), 7);
	drain(empty);
	control(EPOLL_CTL_MOD, edge, EPOLLIN, 8);
	scenario_check_equal(reported(), 8);
	scenario_pass();
}
