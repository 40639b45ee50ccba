/* SPDX-License-Identifier: MIT */
/* needs: root */
/* not: stop */
/*
 * Threads that wait in io_uring_enter(2) go on waiting, with a timeout and without, and are woken by
 * completions; a worker of the kernel that an io_uring has is no thread of the program. SIGSTOP alone makes
 * the call fail with EINTR.
 */
#include <linux/time_types.h>
#include <signal.h>

#include "io_urings.h"
#include "waiters.h"

#define RING_ENTER_EXT_ARG (1U << 3)

static struct ring bare, timed;

static int wait_bare(void)
{
	return syscall(SYS_io_uring_enter, bare.fd, 0, 2, IORING_ENTER_GETEVENTS, NULL, 0) == 0;
}

static int wait_timed(void)
{
	const struct __kernel_timespec limit = {.tv_sec = 1000};
	const struct io_uring_getevents_arg argument = {.ts = (uintptr_t)&limit};

	return syscall(SYS_io_uring_enter, timed.fd, 0, 1, IORING_ENTER_GETEVENTS | RING_ENTER_EXT_ARG,
		       &argument, sizeof(argument)) == 0;
}

static struct waiter waiters[] = {
	{.wait = wait_bare, .number = SYS_io_uring_enter},
	{.wait = wait_timed, .number = SYS_io_uring_enter},
};
#define COUNT (sizeof(waiters) / sizeof(waiters[0]))

/* Done by a worker. */
static void turn_elsewhere(struct ring *ring, uint64_t data)
{
	ring_prepare(ring, IORING_OP_NOP, data)->flags = IOSQE_ASYNC;
	ring_enter(ring, 1, 1);
	ring_expect(ring, data, 0);
}

int main(void)
{
	bare = ring_make(4, 0);
	timed = ring_make(4, 0);
	turn_elsewhere(&bare, 1);
	turn_elsewhere(&timed, 2);
	waiters_start(waiters, COUNT);
	scenario_checkpoint();
	waiters_check_waiting(waiters, COUNT);
	for (unsigned i = 0; i < 2; i++) {
		waiters_check_waiting(waiters, 1);
		ring_prepare(&bare, IORING_OP_NOP, 10 + i);
		ring_enter(&bare, 1, 0);
	}
	ring_prepare(&timed, IORING_OP_NOP, 20)->flags = IOSQE_ASYNC;
	ring_enter(&timed, 1, 0);
	waiters_join(waiters, COUNT);
	ring_expect(&bare, 10, 0);
	ring_expect(&bare, 11, 0);
	ring_expect(&timed, 20, 0);
	ring_check_works(&bare);
	ring_check_works(&timed);
	scenario_pass();
}
