/* SPDX-License-Identifier: MIT */
/* Archives written and read back: whole, cut off, damaged, made by an enemy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/proc/proc_dir.h"
#include "format/archive_members.h"
#include "format/archive_reader.h"
#include "format/archive_writer.h"
#include "format/frame_writer.h"
#include "format/frames.h"
#include "format/message.h"
#include "format/seal.pb-c.h"
#include "format/task/process.pb-c.h"
#include "tests/unit/captured_log.h"

static const uint64_t many_sizes[] = {0, 1, 511, 512, 513, 4096, 3 * FRAME_CONTENT_SIZE + 1, 0, 100000};
static const uint64_t few_sizes[] = {3000, 0, 40000, 7};

/* What stands in member MEMBER: words that repeat, and some that do not. */
static void fill(uint8_t *to, size_t member, uint64_t offset, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		uint64_t at = offset + i;

		to[i] = (uint8_t)((at >> 8) % 7 == 0 ? (at * 0x9E3779B97F4A7C15U) >> 37 : (at >> 3) + member);
	}
}

static void check_content(const uint8_t *data, size_t member, uint64_t offset, size_t size)
{
	cleanup_free uint8_t *expected = malloc(size ? size : 1);

	assert_non_null(expected);
	fill(expected, member, offset, size);
	assert_memory_equal(data, expected, size);
}

static void write_member(struct archive_writer *writer, size_t member, uint64_t size, bool in_place)
{
	char name[32];

	snprintf(name, sizeof(name), "pages/%zu", member);
	assert_int_equal(archive_writer_member_begin(writer, name, size), 0);
	for (uint64_t done = 0; done < size;) {
		uint8_t piece[5000];
		size_t count = MIN(size - done, sizeof(piece));
		void *room = piece;

		if (in_place)
			assert_int_equal(
				archive_writer_reserve(writer, MIN(size - done, 70000U), &room, &count), 0);
		fill(room, member, done, count);
		if (in_place)
			assert_int_equal(archive_writer_commit(writer, count), 0);
		else
			assert_int_equal(archive_writer_data(writer, room, count), 0);
		done += count;
	}
	assert_int_equal(archive_writer_member_end(writer), 0);
}

/* A whole archive in a file in memory, which stands at its start. */
static int make_archive(const uint64_t *sizes, size_t count, unsigned thread_count, bool in_place)
{
	cleanup_(archive_writer_freep) struct archive_writer *writer = NULL;
	int fd = memfd_create("archive", MFD_CLOEXEC);
	struct archive_writer_options options = {
		.fd = fd, .name = "the test's", .level = 1, .thread_count = thread_count};

	assert_true(fd >= 0);
	assert_int_equal(archive_writer_new(&options, &writer), 0);
	for (size_t i = 0; i < count; i++) {
		write_member(writer, i, sizes[i], in_place);
		if (i == 1)
			assert_int_equal(archive_writer_flush_frame(writer), 0);
	}
	assert_int_equal(archive_writer_finish(writer), 0);
	assert_int_equal(archive_writer_bytes_out(writer), lseek(fd, 0, SEEK_END));
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static int check_complete(int fd, struct archive_extent *ret_extent)
{
	cleanup_(archive_reader_freep) struct archive_reader *reader = NULL;

	assert_int_equal(archive_reader_new(fd, 1, &reader), 0);
	return archive_reader_check_complete(reader, ret_extent);
}

/* Reads all of an archive. What is handed out must be what was written, whatever becomes of the rest. */
static int read_archive(int fd, const uint64_t *sizes, size_t count, unsigned thread_count)
{
	cleanup_(archive_reader_freep) struct archive_reader *reader = NULL;
	struct archive_member member;
	size_t number = 0;
	int r;

	assert_int_equal(archive_reader_new(fd, thread_count, &reader), 0);
	while ((r = archive_reader_next(reader, &member)) > 0) {
		const void *data;
		size_t size;
		uint64_t done = 0;

		assert_true(number < count);
		assert_int_equal(member.size, sizes[number]);
		while ((r = archive_reader_data(reader, &data, &size)) == 0 && size > 0) {
			check_content(data, number, done, size);
			done += size;
		}
		if (r < 0)
			break;
		assert_int_equal(done, member.size);
		number++;
	}
	if (r == 0)
		assert_int_equal(number, count);
	assert_int_equal(archive_reader_next(reader, &member), r);
	return r;
}

static void test_round_trip(void **state maybe_unused)
{
	for (unsigned threads = 1; threads <= 5; threads += 2) {
		cleanup_close int in_place = make_archive(many_sizes, ARRAY_SIZE(many_sizes), threads, true);
		cleanup_close int copied =
			make_archive(many_sizes, ARRAY_SIZE(many_sizes), 6 - threads, false);
		struct archive_extent extent;

		assert_int_equal(check_complete(in_place, &extent), 0);
		assert_int_equal(extent.size, lseek(in_place, 0, SEEK_END));
		assert_true(extent.frame_count >= 5);
		lseek(in_place, 0, SEEK_SET);
		assert_int_equal(read_archive(in_place, many_sizes, ARRAY_SIZE(many_sizes), threads), 0);
		assert_int_equal(check_complete(copied, NULL), 0);
		assert_int_equal(read_archive(copied, many_sizes, ARRAY_SIZE(many_sizes), 2), 0);
	}
}

static void test_no_members(void **state maybe_unused)
{
	cleanup_close int fd = make_archive(NULL, 0, 1, true);

	assert_int_equal(check_complete(fd, NULL), 0);
	assert_int_equal(read_archive(fd, NULL, 0, 1), 0);
}

/* Reads all of the archive FD in a process of its own, where no thread is left of anything before: how many
 * there are in the end. */
static int count_reading_threads(int fd)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		cleanup_free int *tids = NULL;
		struct archive_reader *reader;
		struct archive_member member;
		size_t count;
		int r = archive_reader_new(fd, 3, &reader);

		if (r == 0)
			while ((r = archive_reader_next(reader, &member)) > 0)
				;
		if (r == 0)
			r = proc_list_numbers(AT_FDCWD, "/proc/self/task", &tids, &count);
		_exit(r < 0 ? 100 : (int)count);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* The same when SIZE bytes have been written to FD. */
static int count_writing_threads(int fd, size_t size)
{
	static const uint8_t zeros[2 * FRAME_CONTENT_SIZE];
	pid_t child = fork();
	int status;

	if (child == 0) {
		cleanup_free int *tids = NULL;
		struct frame_writer *writer;
		size_t count;
		int r = frame_writer_new(fd, "the output", 1, 3, &writer);

		if (r == 0)
			r = frame_writer_write(writer, zeros, size);
		if (r == 0)
			r = frame_writer_flush(writer);
		if (r == 0)
			r = proc_list_numbers(AT_FDCWD, "/proc/self/task", &tids, &count);
		_exit(r < 0 ? 100 : (int)count);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_threads_for_much_only(void **state maybe_unused)
{
	cleanup_close int output = memfd_create("output", MFD_CLOEXEC);
	int pipe_fds[2];
	cleanup_close int few = make_archive(few_sizes, ARRAY_SIZE(few_sizes), 1, true);
	cleanup_close int many = make_archive(many_sizes, ARRAY_SIZE(many_sizes), 1, true);

	assert_int_equal(count_reading_threads(few), 1);
	assert_int_equal(count_reading_threads(many), 1 + 3);
	assert_int_equal(count_writing_threads(output, 100000), 1);
	assert_int_equal(count_writing_threads(output, 2 * FRAME_CONTENT_SIZE), 1 + 3);
	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	assert_int_equal(count_writing_threads(pipe_fds[1], 100000), 1 + 3);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

/* As standard input is when it was read from before: the archive starts where the fd stands. */
static void test_starts_where_fd_stands(void **state maybe_unused)
{
	cleanup_close int fd = make_archive(few_sizes, ARRAY_SIZE(few_sizes), 1, true);
	cleanup_close int shifted = memfd_create("shifted", MFD_CLOEXEC);
	cleanup_free char *data = NULL;
	size_t size;

	assert_int_equal(file_read_fd(fd, SIZE_MAX / 2, &data, &size), 0);
	assert_int_equal(file_write_full(shifted, "before", 6), 0);
	assert_int_equal(file_write_full(shifted, data, size), 0);
	lseek(shifted, 6, SEEK_SET);
	assert_int_equal(check_complete(shifted, NULL), 0);
	assert_int_equal(lseek(shifted, 0, SEEK_CUR), 6);
	assert_int_equal(read_archive(shifted, few_sizes, ARRAY_SIZE(few_sizes), 2), 0);
}

/* Members that nobody reads are passed over, and the seal still holds. */
static void test_skip_members(void **state maybe_unused)
{
	cleanup_close int fd = make_archive(many_sizes, ARRAY_SIZE(many_sizes), 2, true);
	cleanup_(archive_reader_freep) struct archive_reader *reader = NULL;
	struct archive_member member;

	assert_int_equal(archive_reader_new(fd, 2, &reader), 0);
	for (size_t i = 0; i < ARRAY_SIZE(many_sizes); i++)
		assert_int_equal(archive_reader_next(reader, &member), 1);
	assert_int_equal(archive_reader_next(reader, &member), 0);
}

static void test_cut_off(void **state maybe_unused)
{
	cleanup_close int fd = make_archive(many_sizes, ARRAY_SIZE(many_sizes), 2, true);
	off_t size = lseek(fd, 0, SEEK_END), step = size / 150;

	/* From the end, at first byte by byte: that is the seek table, and the seal before it. */
	for (off_t cut = size - 1; cut >= 0; cut -= cut > size - 300 ? 1 : step) {
		assert_int_equal(ftruncate(fd, cut), 0);
		lseek(fd, 0, SEEK_SET);
		assert_int_equal(check_complete(fd, NULL), -EBADMSG);
		assert_logged(cut < 4 ? "not a cr archive" : "cut off");
		assert_int_equal(read_archive(fd, many_sizes, ARRAY_SIZE(many_sizes), 2), -EBADMSG);
		assert_logged(cut >= 1 && cut < 4 ? "not a cr archive" : "cut off");
	}
}

static void test_flipped_bits(void **state maybe_unused)
{
	cleanup_close int fd = make_archive(few_sizes, ARRAY_SIZE(few_sizes), 2, true);
	off_t size = lseek(fd, 0, SEEK_END);
	unsigned whole = 0, bad = 0;

	for (off_t at = 0; at < size; at += at < 64 || at > size - 400 ? 1 : 37) {
		for (unsigned bit = 0; bit < 8; bit += 1 + at % 3) {
			uint8_t byte;
			int r;

			assert_int_equal(file_pread_full(fd, &byte, 1, at), 0);
			byte ^= (uint8_t)(1U << bit);
			assert_int_equal(file_pwrite_full(fd, &byte, 1, at), 0);
			lseek(fd, 0, SEEK_SET);
			r = check_complete(fd, NULL);
			assert_true(r == 0 || r == -EBADMSG);
			r = read_archive(fd, few_sizes, ARRAY_SIZE(few_sizes), 1);
			assert_true(r == 0 || r == -EBADMSG);
			whole += r == 0;
			bad += r < 0;
			byte ^= (uint8_t)(1U << bit);
			assert_int_equal(file_pwrite_full(fd, &byte, 1, at), 0);
		}
	}
	forget_log();
	/* zstd has a few bits without meaning. */
	assert_true(bad > 500 && whole < bad / 100);
}

static void test_trailing_garbage(void **state maybe_unused)
{
	for (size_t size = 1; size < 40; size += 6) {
		cleanup_close int fd = make_archive(few_sizes, ARRAY_SIZE(few_sizes), 1, true);
		uint8_t garbage[40] = {0x28, 0xB5, 0x2F, 0xFD, 0x24};

		assert_int_equal(file_pwrite_full(fd, garbage, size, lseek(fd, 0, SEEK_END)), 0);
		lseek(fd, 0, SEEK_SET);
		assert_int_equal(check_complete(fd, NULL), -EBADMSG);
		forget_log();
		assert_int_equal(read_archive(fd, few_sizes, ARRAY_SIZE(few_sizes), 1), -EBADMSG);
		assert_logged("something follows the end of the archive");
	}
}

static void test_messages(void **state maybe_unused)
{
	Cr__SealEntry entry = CR__SEAL_ENTRY__INIT, *entries[] = {&entry};
	Cr__Seal seal = CR__SEAL__INIT;
	cleanup_close int fd = memfd_create("archive", MFD_CLOEXEC);
	struct archive_writer_options options = {
		.fd = fd, .name = "the test's", .level = 1, .thread_count = 1};
	cleanup_(archive_writer_freep) struct archive_writer *writer = NULL;

	entry.name = (char *)"some name";
	entry.size = 12345678901;
	seal.n_members = 1;
	seal.members = entries;
	assert_int_equal(archive_writer_new(&options, &writer), 0);
	assert_int_equal(archive_writer_message(writer, "manifest.pb", &seal.base), 0);
	assert_int_equal(archive_writer_finish(writer), 0);
	for (size_t limit = 1; limit <= 1000; limit += 999) {
		cleanup_(archive_reader_freep) struct archive_reader *reader = NULL;
		cleanup_(message_freep) ProtobufCMessage *message = NULL;
		struct archive_member member;

		lseek(fd, 0, SEEK_SET);
		assert_int_equal(archive_reader_new(fd, 1, &reader), 0);
		assert_int_equal(archive_reader_next(reader, &member), 1);
		assert_string_equal(member.name, "manifest.pb");
		if (limit == 1) {
			assert_int_equal(archive_reader_message(reader, &cr__seal__descriptor, 1, &message),
					 -EBADMSG);
			assert_logged("member 'manifest.pb' of the archive has 19 bytes; 1 are possible");
			continue;
		}
		assert_int_equal(archive_reader_message(reader, &cr__seal__descriptor, limit, &message), 0);
		assert_int_equal(((Cr__Seal *)message)->members[0]->size, entry.size);
		assert_int_equal(archive_reader_next(reader, &member), 0);
	}
}

/* Two bytes a submessage: a small message must not take more memory than its limit allows for. */
static void test_message_bomb(void **state maybe_unused)
{
	enum { SIZE = 1 << 20 };
	cleanup_free uint8_t *data = malloc(SIZE);
	ProtobufCMessage *message;

	assert_non_null(data);
	for (size_t i = 0; i < SIZE; i += 4)
		memcpy(data + i, "\x0a\x02\x0a\x00", 4);
	assert_int_equal(message_unpack(&cr__seal__descriptor, data, SIZE - 1, SIZE / 2, &message), -EFBIG);
	assert_int_equal(message_unpack(&cr__seal__descriptor, data, SIZE, SIZE, &message), -EBADMSG);
	/* Empty threads, of some hundred bytes each. */
	for (size_t i = 0; i < SIZE; i += 2)
		memcpy(data + i, "\x3a\x00", 2);
	assert_int_equal(message_unpack(&cr__process__descriptor, data, SIZE, SIZE, &message), -EBADMSG);
	for (size_t i = 0; i < SIZE; i += 8)
		memcpy(data + i, "\x0a\x06\x0a\x00\x10\x00\x10\x00", 8);
	assert_int_equal(message_unpack(&cr__seal__descriptor, data, SIZE, SIZE, &message), 0);
	message_free(message);
	for (size_t i = 0; i < SIZE / 2; i += 6)
		memcpy(data + i, "\x0a\x04\x0a\x00\x10\x00", 6);
	assert_int_equal(message_unpack(&cr__seal__descriptor, data, SIZE / 2 / 6 * 6, SIZE / 2, &message),
			 0);
	message_free(message);
}

static void test_misuse(void **state maybe_unused)
{
	for (unsigned i = 0; i < 7; i++) {
		cleanup_close int fd = memfd_create("archive", MFD_CLOEXEC);
		struct archive_writer_options options = {
			.fd = fd, .name = "x", .level = 1, .thread_count = 1};
		cleanup_(archive_writer_freep) struct archive_writer *writer = NULL;
		void *room;
		size_t size;
		int r = 0;

		assert_int_equal(archive_writer_new(&options, &writer), 0);
		if (i > 0 && i < 6)
			assert_int_equal(archive_writer_member_begin(writer, "a", 3), 0);
		if (i == 0)
			r = archive_writer_member_begin(writer, ARCHIVE_SEAL_NAME, 3);
		else if (i == 1)
			r = archive_writer_member_begin(writer, "b", 3);
		else if (i == 2)
			r = archive_writer_member_end(writer);
		else if (i == 3)
			r = archive_writer_data(writer, "four", 4);
		else if (i == 4)
			r = archive_writer_reserve(writer, 4, &room, &size);
		else if (i == 5)
			r = archive_writer_finish(writer);
		else
			r = archive_writer_member_begin(writer, "../x", 0);
		assert_int_equal(r, -EINVAL);
		assert_logged("cannot write 'x'");
		assert_int_equal(archive_writer_finish(writer), -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOGGING_TEST(test_round_trip),
		LOGGING_TEST(test_no_members),
		LOGGING_TEST(test_threads_for_much_only),
		LOGGING_TEST(test_starts_where_fd_stands),
		LOGGING_TEST(test_skip_members),
		LOGGING_TEST(test_cut_off),
		LOGGING_TEST(test_flipped_bits),
		LOGGING_TEST(test_trailing_garbage),
		LOGGING_TEST(test_messages),
		LOGGING_TEST(test_message_bomb),
		LOGGING_TEST(test_misuse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
