/* SPDX-License-Identifier: MIT */
/* zstd frames and the seek table, byte by byte: what is taken, what is refused, and with which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "format/frames.h"
#include "format/seek_table.h"
#include "format/stream_io.h"

/* A frame of one byte of content, 'x', in a raw block, with a checksum (the low half of its XXH64). */
#define MAGIC 0x28, 0xB5, 0x2F, 0xFD
#define ONE_BYTE MAGIC, 0x24, 0x01, 0x09, 0x00, 0x00, 'x', 0x23, 0x11, 0x04, 0x83

/* The frames of BYTES, one after the other, until the end or an error. */
static int read_all(const void *bytes, size_t size, unsigned *ret_data_count, bool *ret_has_table,
		    char problem[FRAME_PROBLEM_SIZE])
{
	cleanup_(frame_decompressor_freep) struct frame_decompressor *decompressor = NULL;
	cleanup_close int fd = memfd_create("frames", MFD_CLOEXEC);
	cleanup_close int stop_fd = eventfd(0, EFD_CLOEXEC);
	cleanup_free struct stream_input *input = malloc(sizeof(*input));
	cleanup_(frame_done) struct frame frame = {};
	struct frame_stream stream = {.input = input};
	unsigned data_count = 0;
	int r;

	assert_non_null(input);
	assert_int_equal(file_write_full(fd, bytes, size), 0);
	lseek(fd, 0, SEEK_SET);
	stream_input_init(input, fd, stop_fd);
	assert_int_equal(frame_decompressor_new(&decompressor), 0);
	for (;;) {
		r = frame_read(&stream, &frame);
		if (r == 0 && frame.kind == FRAME_END)
			break;
		if (r == 0 && frame.kind == FRAME_DATA) {
			r = frame_decompress(decompressor, &frame);
			data_count++;
		}
		if (r < 0)
			break;
	}
	memcpy(problem, frame.problem, FRAME_PROBLEM_SIZE);
	*ret_data_count = data_count;
	*ret_has_table = stream.has_seek_table;
	return r;
}

static void test_good_frames(void **state maybe_unused)
{
	static const uint8_t bytes[] = {
		ONE_BYTE,
		/* a skippable frame of three bytes, to be passed over */
		0x51,
		0x2A,
		0x4D,
		0x18,
		3,
		0,
		0,
		0,
		'a',
		'b',
		'c',
		ONE_BYTE,
		/* the seek table: two frames of 14 bytes that hold 1 each */
		0x5E,
		0x2A,
		0x4D,
		0x18,
		25,
		0,
		0,
		0,
		14,
		0,
		0,
		0,
		1,
		0,
		0,
		0,
		14,
		0,
		0,
		0,
		1,
		0,
		0,
		0,
		2,
		0,
		0,
		0,
		0,
		0xB1,
		0xEA,
		0x92,
		0x8F,
	};
	char problem[FRAME_PROBLEM_SIZE];
	unsigned count;
	bool has_table;

	assert_int_equal(read_all(bytes, sizeof(bytes), &count, &has_table, problem), 0);
	assert_int_equal(count, 2);
	assert_true(has_table);
	assert_int_equal(read_all(bytes, 14, &count, &has_table, problem), 0);
	assert_int_equal(count, 1);
	assert_false(has_table);
	assert_int_equal(read_all(bytes, 0, &count, &has_table, problem), 0);
	assert_int_equal(count, 0);
}

struct bad_case {
	const char *problem;
	uint8_t size;
	uint8_t bytes[48];
};

#define BAD(text, ...)                                                                                       \
	{                                                                                                    \
		.problem = (text), .size = sizeof((uint8_t[]){__VA_ARGS__}), .bytes = { __VA_ARGS__ }        \
	}

static const struct bad_case bad_cases[] = {
	BAD("not a cr archive", 'P', 'K', 3, 4, 5),
	BAD("not a cr archive", 0x28, 0xB5),
	/* only after a data frame may one be skipped */
	BAD("not a cr archive", 0x51, 0x2A, 0x4D, 0x18, 0, 0, 0, 0),
	BAD("no zstd frame starts at byte 14", ONE_BYTE, 'P', 'K', 3, 4, 5),
	BAD("cut off: it ends at byte 16", ONE_BYTE, 0x28, 0xB5),
	BAD("cut off: it ends at byte 9", MAGIC, 0x24, 0x01, 0x09, 0x00, 0x00),
	BAD("cut off: it ends at byte 13", MAGIC, 0x24, 0x01, 0x09, 0x00, 0x00, 'x', 0x23, 0x11, 0x04),
	BAD("checksum of the frame at byte 0 does not match", MAGIC, 0x24, 0x01, 0x09, 0x00, 0x00, 'x', 0, 0,
	    0, 0),
	BAD("no content size and checksum", MAGIC, 0x20, 0x01, 0x09, 0x00, 0x00, 'x', 0, 0, 0, 0),
	BAD("no content size and checksum", MAGIC, 0x04, 0x00, 0x09, 0x00, 0x00, 'x', 0, 0, 0, 0),
	BAD("has 0 bytes of content", MAGIC, 0x24, 0x00, 0x01, 0x00, 0x00, 0, 0, 0, 0),
	BAD("has 2097153 bytes of content", MAGIC, 0xA4, 0x01, 0x00, 0x20, 0x00, 0x09, 0, 0, 0, 0, 0, 0),
	BAD("has 1152921504606846976 bytes", MAGIC, 0xE4, 0, 0, 0, 0, 0, 0, 0, 0x10, 0x09, 0, 0, 0, 0, 0, 0),
	BAD("holds a bad block", MAGIC, 0x24, 0x01, 0x0F, 0x00, 0x00, 'x', 0, 0, 0, 0),
	BAD("holds a bad block", MAGIC, 0x24, 0x01, 0xF9, 0xFF, 0xFF, 'x', 0, 0, 0, 0),
	BAD("longer than its content allows", MAGIC, 0x24, 0x01, 0x01, 0x10, 0x00, 'x', 0, 0, 0, 0),
	BAD("the frame at byte 0: Data corruption detected", MAGIC, 0x24, 0x02, 0x09, 0x00, 0x00, 'x', 0x23,
	    0x11, 0x04, 0x83),
	BAD("longer than 1048576 bytes", ONE_BYTE, 0x50, 0x2A, 0x4D, 0x18, 1, 0, 0x10, 0),
	BAD("seek table is not of the size", ONE_BYTE, 0x5E, 0x2A, 0x4D, 0x18, 25, 0, 0, 0),
	BAD("seek table is not of the size", ONE_BYTE, 0x5E, 0x2A, 0x4D, 0x18, 9, 0, 0, 0),
	BAD("seek table does not agree", ONE_BYTE, 0x5E, 0x2A, 0x4D, 0x18, 17, 0, 0, 0, 15, 0, 0, 0, 1, 0, 0,
	    0, 1, 0, 0, 0, 0, 0xB1, 0xEA, 0x92, 0x8F),
	BAD("seek table does not agree", ONE_BYTE, 0x5E, 0x2A, 0x4D, 0x18, 17, 0, 0, 0, 14, 0, 0, 0, 1, 0, 0,
	    0, 1, 0, 0, 0, 0x80, 0xB1, 0xEA, 0x92, 0x8F),
	BAD("follows the end of the archive at byte 39", ONE_BYTE, 0x5E, 0x2A, 0x4D, 0x18, 17, 0, 0, 0, 14, 0,
	    0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0xB1, 0xEA, 0x92, 0x8F, 0),
};

static void test_bad_frames(void **state maybe_unused)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad_cases); i++) {
		char problem[FRAME_PROBLEM_SIZE] = "";
		unsigned count;
		bool has_table;
		int r = read_all(bad_cases[i].bytes, bad_cases[i].size, &count, &has_table, problem);

		if (r != -EBADMSG || !strstr(problem, bad_cases[i].problem))
			fail_msg("case %zu: %d, \"%s\" instead of \"%s\"", i, r, problem,
				 bad_cases[i].problem);
	}
}

static void test_compress(void **state maybe_unused)
{
	static const int levels[] = {-5, 1, 3, 12};
	static const size_t sizes[] = {1, 511, 4096, FRAME_CONTENT_SIZE - 1, FRAME_CONTENT_SIZE};

	for (size_t i = 0; i < ARRAY_SIZE(levels) * ARRAY_SIZE(sizes); i++) {
		cleanup_(frame_compressor_freep) struct frame_compressor *compressor = NULL;
		cleanup_(frame_decompressor_freep) struct frame_decompressor *decompressor = NULL;
		cleanup_(frame_done) struct frame frame = {}, copy = {};
		size_t size = sizes[i % ARRAY_SIZE(sizes)];

		assert_int_equal(frame_compressor_new(levels[i / ARRAY_SIZE(sizes)], &compressor), 0);
		assert_int_equal(frame_decompressor_new(&decompressor), 0);
		assert_int_equal(frame_buffer_reserve(&frame.content, size), 0);
		for (size_t k = 0; k < size; k++)
			frame.content.data[k] = (uint8_t)(k * k >> 9);
		frame.content.size = size;
		assert_int_equal(frame_compress(compressor, &frame), 0);
		copy.compressed = frame.compressed;
		assert_int_equal(frame_decompress(decompressor, &copy), 0);
		copy.compressed = (struct frame_buffer){};
		assert_int_equal(copy.content.size, size);
		assert_memory_equal(copy.content.data, frame.content.data, size);
	}
}

/* A file of DATA_SIZE bytes of anything, and the seek table TABLE. */
static int make_file(const struct seek_table *table, size_t data_size)
{
	cleanup_free uint8_t *bytes = NULL;
	int fd = memfd_create("file", MFD_CLOEXEC);
	size_t size;

	assert_true(fd >= 0);
	assert_int_equal(seek_table_pack(table, &bytes, &size), 0);
	assert_int_equal(file_pwrite_full(fd, bytes, size, (off_t)data_size), 0);
	return fd;
}

static void test_seek_table(void **state maybe_unused)
{
	cleanup_(seek_table_done) struct seek_table table = {};
	struct seek_summary summary;
	struct seek_entry entry;
	const char *reason;
	uint64_t size = 0;

	for (uint32_t i = 1; i <= 3000; i++) {
		entry = (struct seek_entry){.compressed_size = i, .content_size = 2 * i};
		assert_int_equal(seek_table_append(&table, entry), 0);
		size += i;
	}
	for (unsigned i = 0; i < 3; i++) {
		cleanup_close int fd = make_file(&table, size - 1 + i);

		assert_int_equal(seek_summary_read(fd, &summary, &reason), i == 1 ? 0 : -EBADMSG);
		if (i != 1) {
			assert_string_equal(reason, "its seek table does not agree with its size");
			continue;
		}
		assert_int_equal(summary.frame_count, 3000);
		assert_int_equal(summary.content_size, 2 * size);
		assert_int_equal(seek_summary_entry(fd, &summary, 2999, &entry), 0);
		assert_int_equal(entry.compressed_size, 3000);
	}
}

static void test_bad_seek_tables(void **state maybe_unused)
{
	cleanup_(seek_table_done) struct seek_table table = {};
	struct seek_entry entry = {.compressed_size = 10, .content_size = FRAME_CONTENT_MAX + 1};
	struct seek_summary summary;
	const char *reason;

	assert_int_equal(seek_table_append(&table, entry), 0);
	for (uint32_t content_size = 0; content_size <= 1; content_size++) {
		cleanup_close int fd = make_file(&table, 10);

		assert_int_equal(seek_summary_read(fd, &summary, &reason), -EBADMSG);
		assert_string_equal(reason, "its seek table holds a frame of an impossible size");
		table.entries[0].content_size = content_size;
	}
	/* Any changed byte of the table shows, but for the contents' sizes. */
	table.entries[0].content_size = 1;
	for (off_t back = 1; back <= 25; back++) {
		cleanup_close int fd = make_file(&table, 10);
		off_t end = lseek(fd, 0, SEEK_END);
		uint8_t byte;

		lseek(fd, 0, SEEK_SET);
		assert_int_equal(seek_summary_read(fd, &summary, &reason), 0);
		assert_int_equal(file_pread_full(fd, &byte, 1, end - back), 0);
		byte ^= 0x80;
		assert_int_equal(file_pwrite_full(fd, &byte, 1, end - back), 0);
		if (back != 12 && back != 13)
			assert_int_equal(seek_summary_read(fd, &summary, &reason), -EBADMSG);
	}
}

static void test_digest(void **state maybe_unused)
{
	struct seek_entry a = {.compressed_size = 1, .content_size = 2},
			  b = {.compressed_size = 2, .content_size = 1};
	struct seek_digest ab = {}, ba = {}, aa = {};

	seek_digest_add(&ab, a);
	seek_digest_add(&ab, b);
	seek_digest_add(&ba, b);
	seek_digest_add(&ba, a);
	seek_digest_add(&aa, a);
	seek_digest_add(&aa, a);
	assert_int_equal(ab.frame_count, 2);
	assert_int_not_equal(ab.hash, ba.hash);
	assert_int_not_equal(ab.hash, aa.hash);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_frames),     cmocka_unit_test(test_bad_frames),
		cmocka_unit_test(test_compress),        cmocka_unit_test(test_seek_table),
		cmocka_unit_test(test_bad_seek_tables), cmocka_unit_test(test_digest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
