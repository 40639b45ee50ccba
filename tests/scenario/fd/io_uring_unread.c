/* SPDX-License-Identifier: MIT */
/* needs: root */
/*
 * Completions that the program has not read, as many as fit in, and requests that it has prepared, but not
 * submitted, are kept; it can be polled; the kernel does not write over completions that it has not read
 * afterwards.
 */
#include <sys/epoll.h>

#include "io_urings.h"

#define LARGE 5

static void fill(struct ring *ring)
{
	for (unsigned i = 0; i < LARGE; i++)
		ring_turn(ring, i);
	for (unsigned i = 0; i < ring->params.cq_entries; i++) {
		ring_prepare(ring, IORING_OP_NOP, 100 + i);
		ring_enter(ring, 1, 0);
	}
	for (unsigned i = 0; i < ring->params.sq_entries; i++)
		ring_prepare(ring, IORING_OP_NOP, 500 + i);
	scenario_check_equal(ring_waiting(ring), ring->params.cq_entries);
}

static void empty(struct ring *ring)
{
	scenario_check_equal(ring_waiting(ring), ring->params.cq_entries);
	for (unsigned i = 0; i < ring->params.cq_entries; i++) {
		ring_expect(ring, 100 + i, 0);
		/* Each takes the place of one that was just read. */
		if (i < ring->params.sq_entries)
			ring_enter(ring, 1, 0);
	}
	scenario_check_equal(ring_waiting(ring), ring->params.sq_entries);
	for (unsigned i = 0; i < ring->params.sq_entries; i++)
		ring_expect(ring, 500 + i, 0);
	ring_check_works(ring);
}

int main(void)
{
	struct ring plain = ring_make(8, 0), large = ring_make(16, IORING_SETUP_SQE128 | IORING_SETUP_CQE32);
	struct ring lazy = ring_make(4, RING_SETUP_SINGLE_ISSUER | RING_SETUP_DEFER_TASKRUN);
	struct ring idle = ring_make(4, 0);
	struct epoll_event event = {.events = EPOLLIN}, got[2];
	int epoll = scenario_call(epoll_create1(EPOLL_CLOEXEC));
	struct ring *const rings[] = {&plain, &large, &lazy};

	for (size_t i = 0; i < sizeof(rings) / sizeof(rings[0]); i++)
		fill(rings[i]);
	scenario_call(epoll_ctl(epoll, EPOLL_CTL_ADD, plain.fd, &event));
	scenario_call(epoll_ctl(epoll, EPOLL_CTL_ADD, idle.fd, &event));
	scenario_checkpoint();
	scenario_check_equal(epoll_wait(epoll, got, 2, 0), 1);
	for (size_t i = 0; i < sizeof(rings) / sizeof(rings[0]); i++)
		empty(rings[i]);
	scenario_pass();
}
