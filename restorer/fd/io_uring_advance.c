/* SPDX-License-Identifier: MIT */
/*
 * Brings a new io_uring to where an old one was.
 *
 * The kernel counts what it has taken and posted in memory of its own, from 0, and the program has these
 * counts, too. So as many requests are made as had been, which do nothing (IORING_OP_NOP); a part of them
 * without a completion, for there may be fewer of these. They are made by a thread of the program, for the
 * kernel may allow it to one only, in batches of calls.
 *
 * The kernel looks at the program's end of the completion ring now and then only, and notes how much room
 * there is. So that end is never ahead of where it is to be at last.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "common/interrupt.h"
#include "common/log.h"
#include "restorer/fd/io_uring.h"

/* Requests that are made by one call: more need more of the processor's caches. */
#define REQUESTS_AT_ONCE 64U
/* Beyond so many it takes some seconds, which the user is told. */
#define REQUESTS_UNNOTICED (UINT32_C(32) << 20)
/* Calls for one round of them. */
#define CALLS_A_ROUND 2

struct advance {
	const Cr__IoUring *image;
	struct puppet *puppet;
	struct batch *batch;
	int fd;
	uint64_t inside; /* where the puppet has mapped both rings */
	char *rings;     /* and we */
	struct io_uring_sqe *entries;
	uint32_t submitted;
};

static uint32_t *word_at(const struct advance *advance, enum io_uring_offset what)
{
	return (uint32_t *)(void *)(advance->rings + advance->image->offsets[what]);
}

static uint64_t size_of(const struct advance *advance, uint64_t offset)
{
	return io_uring_mapping_size(advance->image, offset);
}

static void advance_done(struct advance *advance)
{
	if (advance->rings)
		munmap(advance->rings, size_of(advance, IORING_OFF_SQ_RING));
	if (advance->entries)
		munmap(advance->entries, size_of(advance, IORING_OFF_SQES));
}

static int map_part(const struct advance *advance, int our_fd, uint64_t offset, void **ret_memory)
{
	void *memory = mmap(NULL, size_of(advance, offset), PROT_READ | PROT_WRITE, MAP_SHARED, our_fd,
			    (off_t)offset);

	if (memory == MAP_FAILED)
		return log_error_errno(-errno, "cannot map an io_uring");
	*ret_memory = memory;
	return 0;
}

static int map_all(struct advance *advance, int our_fd)
{
	void *rings = NULL, *entries = NULL;
	int r = map_part(advance, our_fd, IORING_OFF_SQ_RING, &rings);

	advance->rings = rings;
	if (r == 0)
		r = map_part(advance, our_fd, IORING_OFF_SQES, &entries);
	advance->entries = entries;
	return r;
}

static int map_inside(struct advance *advance)
{
	struct batch *batch = puppet_batch(advance->puppet);
	unsigned call =
		batch_call(batch, SYS_mmap, 0, size_of(advance, IORING_OFF_SQ_RING), PROT_READ | PROT_WRITE,
			   MAP_SHARED, (uint64_t)advance->fd, IORING_OFF_SQ_RING);
	int r = puppet_run(advance->puppet, "mapping an io_uring");

	if (r == 0)
		advance->inside = (uint64_t)batch_result(batch, call);
	return r;
}

/* All are the same; where there is an array, all are one. */
static void write_entries(const struct advance *advance, uint8_t flags)
{
	size_t step = advance->image->flags & IORING_SETUP_SQE128 ? 2 : 1;
	bool has_array = !(advance->image->flags & UAPI_IORING_SETUP_NO_SQARRAY);

	for (uint32_t i = 0; i < advance->image->sq_entries; i++) {
		advance->entries[i * step].opcode = IORING_OP_NOP;
		advance->entries[i * step].flags = flags;
		if (has_array)
			word_at(advance, IO_URING_SQ_ARRAY)[i] = 0;
	}
}

/* The program's end of the completion ring, which only an operation on memory moves. */
static void add_move(const struct advance *advance, uint32_t count)
{
	uint64_t where = advance->inside + advance->image->offsets[IO_URING_CQ_HEAD];
	int operation = FUTEX_OP(FUTEX_OP_ADD, (int)count, FUTEX_OP_CMP_EQ, 0);

	batch_call(advance->batch, SYS_futex, where, FUTEX_WAKE_OP_PRIVATE, 0, 0, where,
		   (uint64_t)(uint32_t)operation);
}

/* COUNT requests. The kernel takes no more at once than it is told to, so they may all wait at once. */
static int submit(struct advance *advance, uint32_t count, uint8_t flags, bool is_moved)
{
	uint32_t smaller = MIN(advance->image->sq_entries, advance->image->cq_entries);
	uint32_t at_once = MIN(smaller, REQUESTS_AT_ONCE);
	int r = 0;

	if (count == 0)
		return 0;
	write_entries(advance, flags);
	advance->submitted += count;
	__atomic_store_n(word_at(advance, IO_URING_SQ_TAIL), advance->submitted, __ATOMIC_RELEASE);
	advance->batch = puppet_batch(advance->puppet);
	while (r == 0 && count > 0) {
		uint32_t part = MIN(count, at_once);

		batch_call(advance->batch, SYS_io_uring_enter, (uint64_t)advance->fd, part, 0, 0, 0, 0);
		if (is_moved)
			add_move(advance, part);
		count -= part;
		if (count == 0 || batch_is_nearly_full(advance->batch, CALLS_A_ROUND, 0)) {
			r = interrupted() ? -EINTR : puppet_run(advance->puppet, "advancing an io_uring");
			advance->batch = puppet_batch(advance->puppet);
		}
	}
	return r;
}

static int run_all(struct advance *advance)
{
	const Cr__IoUring *image = advance->image;
	int r = submit(advance, image->cq_head, 0, true);

	if (r == 0)
		r = submit(advance, image->cq_tail - image->cq_head, 0, false);
	if (r == 0)
		r = submit(advance, image->sq_head - image->cq_tail, IOSQE_CQE_SKIP_SUCCESS, false);
	if (r < 0)
		return r;
	if (*word_at(advance, IO_URING_SQ_HEAD) != image->sq_head ||
	    *word_at(advance, IO_URING_CQ_TAIL) != image->cq_tail ||
	    *word_at(advance, IO_URING_CQ_HEAD) != image->cq_head)
		return log_error_errno(-EIO, "an io_uring cannot be brought to where it was");
	return 0;
}

int ring_advance(const Cr__IoUring *image, int our_fd, struct puppet *puppet, int fd)
{
	cleanup_(advance_done) struct advance advance = {.image = image, .puppet = puppet, .fd = fd};
	int r;

	if (image->sq_head == 0)
		return 0;
	if (image->sq_head > REQUESTS_UNNOTICED)
		log_notice(
			"its io_uring has done %" PRIu32
			" requests, and is brought to that number by as many that do nothing, which takes a "
			"while",
			image->sq_head);
	r = map_all(&advance, our_fd);
	if (r == 0)
		r = map_inside(&advance);
	if (r == 0)
		r = run_all(&advance);
	if (r < 0)
		return r;
	batch_call(puppet_batch(puppet), SYS_munmap, advance.inside, size_of(&advance, IORING_OFF_SQ_RING));
	return puppet_run(puppet, "unmapping an io_uring");
}
