/* SPDX-License-Identifier: MIT */
/* needs: root */
/* no-compare */
/*
 * Requests have completed of which their thread was not told yet, for it has not looked
 * (IORING_SETUP_DEFER_TASKRUN): they are told of once, with their results.
 */
#include <fcntl.h>
#include <pthread.h>

#include "io_urings.h"

#define COUNT 3

static struct ring ring, other;
static pthread_barrier_t barrier;
static char texts[COUNT + 1][16];

static void read_by_worker(struct ring *of, int fd, unsigned data)
{
	struct io_uring_sqe *sqe = ring_prepare(of, IORING_OP_READ, data);

	sqe->fd = fd;
	sqe->addr = (uintptr_t)texts[data];
	sqe->len = 4;
	sqe->off = data * 4;
	sqe->flags = IOSQE_ASYNC;
}

/* The only thread that may use the other ring. */
static void *run(void *argument)
{
	int fd = *(int *)argument;

	other = ring_make(4, RING_SETUP_SINGLE_ISSUER | RING_SETUP_DEFER_TASKRUN);
	read_by_worker(&other, fd, COUNT);
	ring_enter(&other, 1, 0);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	ring_enter(&other, 0, 1);
	ring_expect(&other, COUNT, 4);
	scenario_check(memcmp(texts[COUNT], "LATE", 4) == 0);
	ring_check_works(&other);
	return NULL;
}

/* The workers have nothing to do any more, but nobody was told. */
static void wait_for_workers(void)
{
	for (int i = 0; i <= COUNT; i++)
		while (__atomic_load_n(&texts[i][0], __ATOMIC_ACQUIRE) == '\0')
			sched_yield();
	ring_wait_workers();
}

int main(void)
{
	int fd = scenario_call(open("file", O_RDWR | O_CREAT | O_CLOEXEC, 0600));
	pthread_t thread;

	scenario_check_equal(write(fd, "zeroone.two.LATE", 16), 16);
	ring = ring_make(8, RING_SETUP_SINGLE_ISSUER | RING_SETUP_DEFER_TASKRUN);
	scenario_check(pthread_barrier_init(&barrier, NULL, 2) == 0);
	scenario_check(pthread_create(&thread, NULL, run, &fd) == 0);
	for (unsigned i = 0; i < COUNT; i++)
		read_by_worker(&ring, fd, i);
	ring_enter(&ring, COUNT, 0);
	pthread_barrier_wait(&barrier);
	wait_for_workers();

	scenario_checkpoint();
	ring_enter(&ring, 0, COUNT);
	for (unsigned seen = 0; seen != (1U << COUNT) - 1;) {
		struct io_uring_cqe *cqe = ring_peek(&ring);

		scenario_check_equal(cqe->res, 4);
		scenario_check(!(seen & 1U << cqe->user_data));
		seen |= 1U << cqe->user_data;
		ring_expect(&ring, cqe->user_data, 4);
	}
	scenario_check(memcmp(texts[0], "zero", 4) == 0 && memcmp(texts[1], "one.", 4) == 0 &&
		       memcmp(texts[2], "two.", 4) == 0);
	scenario_check_equal(ring_waiting(&ring), 0);
	ring_check_works(&ring);
	pthread_barrier_wait(&barrier);
	scenario_check(pthread_join(thread, NULL) == 0);
	scenario_pass();
}
