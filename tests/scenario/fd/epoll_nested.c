/* SPDX-License-Identifier: MIT */
/* Instances that watch instances: what happens far below is reported at the top. */
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "scenario.h"

#define DEPTH 5

static void watch(int epoll, int fd, uint32_t events, uint64_t data)
{
	struct epoll_event event = {.events = events, .data.u64 = data};

	scenario_call(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
}

static int64_t reported(int epoll)
{
	struct epoll_event event;
	int count = scenario_call(epoll_wait(epoll, &event, 1, 0));

	return count == 1 ? (int64_t)event.data.u64 : -1;
}

int main(void)
{
	int chain[DEPTH], counter, ready, outer, shared;
	uint64_t value = 1;

	/* Made from the top down, so that numbers go against the order in which they depend on each other. */
	for (int i = 0; i < DEPTH; i++)
		chain[i] = scenario_call(epoll_create1(0));
	counter = scenario_call(eventfd(0, 0));
	ready = scenario_call(eventfd(1, 0));
	watch(chain[DEPTH - 1], counter, EPOLLIN, 100);
	for (int i = DEPTH - 2; i >= 0; i--)
		watch(chain[i], chain[i + 1], i % 2 ? EPOLLIN : EPOLLIN | EPOLLET, (uint64_t)i);
	outer = scenario_call(epoll_create1(0));
	shared = scenario_call(epoll_create1(0));
	watch(shared, ready, EPOLLIN, 7);
	watch(outer, shared, EPOLLIN, 8);
	watch(outer, chain[1], EPOLLIN, 9);
	scenario_checkpoint();
	scenario_check_equal(reported(outer), 8);
	scenario_check_equal(reported(shared), 7);
	scenario_check_equal(reported(chain[0]), -1);
	scenario_check_equal(write(counter, &value, 8), 8);
	scenario_check_equal(reported(chain[0]), 0);
	scenario_check_equal(reported(chain[0]), -1);
	scenario_check_equal(reported(chain[DEPTH - 1]), 100);
	scenario_check_equal(read(ready, &value, 8), 8);
	scenario_check_equal(reported(outer), 9);
	scenario_check_equal(read(counter, &value, 8), 8);
	scenario_check_equal(reported(outer), -1);
	scenario_pass();
}
