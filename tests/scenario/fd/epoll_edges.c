/* SPDX-License-Identifier: MIT */
/* Edge-triggered targets: what was not reported yet is, nothing gets lost, and what was is reported once more
 * at most. */
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "scenario.h"

static int epoll;

static int make(uint64_t count, uint64_t data)
{
	int fd = scenario_call(eventfd((unsigned int)count, EFD_NONBLOCK));
	struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u64 = data};

	scenario_call(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
	return fd;
}

static void add(int fd)
{
	uint64_t value = 1;

	scenario_check_equal(write(fd, &value, 8), 8);
}

/* The data of all that is reported now, each as the bit of its number. */
static uint64_t reported(void)
{
	struct epoll_event events[8];
	int count = scenario_call(epoll_wait(epoll, events, 8, 0));
	uint64_t set = 0;

	for (int i = 0; i < count; i++) {
		scenario_check_equal(events[i].events, EPOLLIN);
		set |= 1U << events[i].data.u64;
	}
	return set;
}

int main(void)
{
	int consumed, waiting, empty;

	epoll = scenario_call(epoll_create1(0));
	consumed = make(1, 0);
	scenario_check_equal(reported(), 1 << 0);
	scenario_check_equal(reported(), 0);
	waiting = make(1, 1);
	empty = make(0, 2);
	scenario_checkpoint();
	/* Number 0 may be reported anew, epoll(7): whoever is told of an edge must be ready to find nothing
	 * new. */
	scenario_check_equal(reported() & ~1U, 1 << 1);
	scenario_check_equal(reported(), 0);
	add(empty);
	scenario_check_equal(reported(), 1 << 2);
	scenario_check_equal(reported(), 0);
	add(consumed);
	add(waiting);
	scenario_check_equal(reported(), 1 << 0 | 1 << 1);
	scenario_check_equal(reported(), 0);
	scenario_pass();
}
