/* SPDX-License-Identifier: MIT */
/* needs: root */
/*
 * An io_uring that has been used goes on where it was: as many requests as before, some of them without a
 * completion, and file input and output by it.
 */
#include <fcntl.h>

#include "io_urings.h"

#define ROUNDS 1000

static void use(struct ring *ring, int fd)
{
	char text[8] = "written", back[8] = "";
	struct io_uring_sqe *sqe = ring_prepare(ring, IORING_OP_WRITE, 1);

	sqe->fd = fd;
	sqe->addr = (uintptr_t)text;
	sqe->len = sizeof(text);
	ring_enter(ring, 1, 1);
	ring_expect(ring, 1, sizeof(text));
	sqe = ring_prepare(ring, IORING_OP_READ, 2);
	sqe->fd = fd;
	sqe->addr = (uintptr_t)back;
	sqe->len = sizeof(back);
	ring_enter(ring, 1, 1);
	ring_expect(ring, 2, sizeof(back));
	scenario_check(memcmp(text, back, sizeof(text)) == 0);
}

static void work(struct ring *ring, int fd)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		ring_turn(ring, i);
		ring_prepare(ring, IORING_OP_NOP, i)->flags = IOSQE_CQE_SKIP_SUCCESS;
		ring_enter(ring, 1, 0);
	}
	use(ring, fd);
}

int main(void)
{
	struct ring plain = ring_make(8, 0), tiny = ring_make(1, 0);
	struct ring large = ring_make(64, IORING_SETUP_SQE128 | IORING_SETUP_CQE32);
	struct ring flat = ring_make(16, RING_SETUP_NO_SQARRAY | RING_SETUP_SINGLE_ISSUER);
	struct ring lazy = ring_make(16, RING_SETUP_SINGLE_ISSUER | RING_SETUP_DEFER_TASKRUN);
	struct ring *const rings[] = {&plain, &tiny, &large, &flat, &lazy};
	int fd = scenario_call(open("file", O_RDWR | O_CREAT | O_CLOEXEC, 0600));

	for (size_t i = 0; i < sizeof(rings) / sizeof(rings[0]); i++)
		work(rings[i], fd);
	for (size_t i = 0; i < sizeof(rings) / sizeof(rings[0]); i++)
		ring_rest(rings[i]);
	scenario_checkpoint();
	for (size_t i = 0; i < sizeof(rings) / sizeof(rings[0]); i++) {
		scenario_check_equal(*ring_word(rings[i], rings[i]->params.sq_off.head), 2 * ROUNDS + 2);
		scenario_check_equal(*ring_word(rings[i], rings[i]->params.cq_off.tail), ROUNDS + 2);
		work(rings[i], fd);
		ring_check_works(rings[i]);
	}
	scenario_pass();
}
