/* SPDX-License-Identifier: MIT */
/* What is a valid io_uring, and where its parts end. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "format/fd/io_uring.h"

struct sample {
	Cr__IoUring ring;
	uint32_t offsets[IO_URING_OFFSETS_COUNT], limits[2];
	Cr__IoUringFile file, *files[1];
	Cr__IoUringBuffer buffer, *buffers[1];
	Cr__IoUringRegistered registered, *all_registered[1];
};

/* As a kernel lays out one of 64 entries: heads and tails, then completions, then the array. */
static void sample_init(struct sample *sample)
{
	static const uint32_t offsets[IO_URING_OFFSETS_COUNT] = {0, 4,  16, 24, 36, 32, 2112,
								 8, 12, 20, 28, 44, 64, 40};

	*sample = (struct sample){.ring = CR__IO_URING__INIT,
				  .file = CR__IO_URING_FILE__INIT,
				  .buffer = CR__IO_URING_BUFFER__INIT,
				  .registered = CR__IO_URING_REGISTERED__INIT};
	memcpy(sample->offsets, offsets, sizeof(offsets));
	sample->files[0] = &sample->file;
	sample->buffers[0] = &sample->buffer;
	sample->all_registered[0] = &sample->registered;
	sample->ring.offsets = sample->offsets;
	sample->ring.n_offsets = IO_URING_OFFSETS_COUNT;
	sample->ring.sq_entries = 64;
	sample->ring.cq_entries = 128;
	sample->ring.tid = 1;
	sample->ring.sq_head = 1000;
	sample->ring.cq_tail = 900;
	sample->ring.cq_head = 800;
	sample->ring.clock_id = CLOCK_MONOTONIC;
	sample->ring.worker_limits = sample->limits;
	sample->ring.files = sample->files;
	sample->ring.buffers = sample->buffers;
	sample->ring.registered = sample->all_registered;
}

#define assert_check(sample, expected)                                                                       \
	do {                                                                                                 \
		const char *reason_ = NULL;                                                                  \
		assert_int_equal(io_uring_check(&(sample)->ring, &reason_), expected);                       \
		assert_int_equal(reason_ != NULL, (expected) != 0);                                          \
	} while (0)

/* A sample in which MEMBER is VALUE. */
#define assert_with(expected, member, value)                                                                 \
	do {                                                                                                 \
		struct sample changed_;                                                                      \
		sample_init(&changed_);                                                                      \
		changed_.member = (value);                                                                   \
		assert_check(&changed_, expected);                                                           \
	} while (0)

static void sizes(void **state maybe_unused)
{
	struct sample sample;

	sample_init(&sample);
	assert_check(&sample, 0);
	assert_int_equal(io_uring_ring_size(&sample.ring), 4096);
	assert_int_equal(io_uring_entries_size(&sample.ring), 4096);
	assert_int_equal(io_uring_mapping_size(&sample.ring, IORING_OFF_CQ_RING), 4096);
	assert_int_equal(io_uring_mapping_size(&sample.ring, 4096), 0);
	sample.ring.flags = IORING_SETUP_SQE128 | IORING_SETUP_CQE32;
	assert_int_equal(io_uring_ring_size(&sample.ring), 8192);
	assert_int_equal(io_uring_entries_size(&sample.ring), 8192);
	assert_with(-EBADMSG, ring.sq_entries, 65);
	assert_with(-EBADMSG, ring.sq_entries, 0);
	assert_with(-EBADMSG, ring.sq_entries, 65536);
	assert_with(0, ring.cq_entries, 65536);
	assert_with(-EBADMSG, ring.cq_entries, 131072);
}

static void places(void **state maybe_unused)
{
	assert_with(-EBADMSG, ring.n_offsets, IO_URING_OFFSETS_COUNT - 1);
	assert_with(-EBADMSG, offsets[IO_URING_CQ_HEAD], 4096);
	assert_with(0, offsets[IO_URING_CQ_HEAD], 4092);
	assert_with(-EBADMSG, offsets[IO_URING_CQ_HEAD], 6);
	assert_with(-EBADMSG, offsets[IO_URING_SQ_ARRAY], 4 << 20);
	assert_with(-EBADMSG, offsets[IO_URING_CQ_CQES], UINT32_MAX - 3);
}

static void counts(void **state maybe_unused)
{
	assert_with(-EBADMSG, ring.tid, 0);
	assert_with(-EBADMSG, ring.cq_tail, 1001);
	assert_with(0, ring.cq_head, 772);
	assert_with(-EBADMSG, ring.cq_head, 771);
	assert_with(-EBADMSG, ring.cq_head, 901);
	assert_with(-EBADMSG, ring.flags, IORING_SETUP_SQPOLL);
	assert_with(-EBADMSG, ring.flags, UAPI_IORING_SETUP_NO_MMAP);
	assert_with(-EBADMSG, ring.flags, IORING_SETUP_R_DISABLED);
}

static void registered_things(void **state maybe_unused)
{
	struct sample sample;

	assert_with(-EBADMSG, ring.clock_id, CLOCK_REALTIME);
	assert_with(-EBADMSG, ring.n_worker_limits, 2);
	assert_with(-EBADMSG, ring.has_worker_limits, true);
	assert_with(-EBADMSG, ring.file_range_end, 1);
	sample_init(&sample);
	sample.ring.n_files = sample.ring.n_buffers = sample.ring.n_registered = 1;
	sample.ring.files_count = sample.ring.buffers_count = sample.ring.file_range_end = 5;
	sample.file.open_file_id = 1;
	sample.buffer.size = 4096;
	assert_check(&sample, 0);
	sample.file.open_file_id = 0;
	assert_check(&sample, -EBADMSG);
	sample.file.open_file_id = 1;
	sample.file.index = 5;
	assert_check(&sample, -EBADMSG);
	sample.file.index = 4;
	assert_check(&sample, 0);
	sample.registered.index = 16;
	assert_check(&sample, -EBADMSG);
	sample.registered.index = 15;
	sample.buffer.index = 5;
	assert_check(&sample, -EBADMSG);
	sample.buffer.index = 4;
	assert_check(&sample, 0);
	sample.buffer.size = 0;
	assert_check(&sample, -EBADMSG);
	sample.buffer.size = 4096;
	sample.buffer.address = UINT64_MAX;
	assert_check(&sample, -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes),
		cmocka_unit_test(places),
		cmocka_unit_test(counts),
		cmocka_unit_test(registered_things),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
