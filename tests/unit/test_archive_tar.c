/* SPDX-License-Identifier: MIT */
/* The tar inside of an archive: one made by hand is read, or refused for what is wrong with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "format/archive_members.h"
#include "format/archive_reader.h"
#include "format/frame_writer.h"
#include "tests/unit/captured_log.h"

#define TAR_BLOCK 512U

/* A tar made by hand, in frames with a proper seek table. */
struct tar {
	uint8_t bytes[64 * TAR_BLOCK];
	size_t size;
};

static void tar_add(struct tar *tar, const char *name, char type, const void *data, size_t size)
{
	uint8_t *header = tar->bytes + tar->size;
	unsigned sum = 0;

	memset(header, 0, TAR_BLOCK);
	memcpy(header, name, strlen(name));
	snprintf((char *)header + 100, 8, "%07o", 0600);
	snprintf((char *)header + 124, 12, "%011zo", size);
	snprintf((char *)header + 136, 12, "%011o", 0);
	memset(header + 148, ' ', 8);
	header[156] = (uint8_t)type;
	memcpy(header + 257, "ustar\00000", 8);
	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += header[i];
	snprintf((char *)header + 148, 8, "%06o", sum);
	memset(header + TAR_BLOCK, 0, ALIGN_UP(size, (size_t)TAR_BLOCK));
	if (size > 0)
		memcpy(header + TAR_BLOCK, data, size);
	tar->size += TAR_BLOCK + ALIGN_UP(size, (size_t)TAR_BLOCK);
}

static void tar_add_seal(struct tar *tar, const struct archive_members *members)
{
	cleanup_free void *data = NULL;
	size_t size;

	assert_int_equal(archive_members_seal(members, &data, &size), 0);
	tar_add(tar, ARCHIVE_SEAL_NAME, '0', data, size);
}

static void tar_end(struct tar *tar)
{
	memset(tar->bytes + tar->size, 0, (size_t)2 * TAR_BLOCK);
	tar->size += (size_t)2 * TAR_BLOCK;
}

/* Reads it; the names and sizes of MEMBERS are what may come out. */
static int read_tar(const struct tar *tar)
{
	cleanup_close int fd = memfd_create("tar", MFD_CLOEXEC);
	cleanup_(frame_writer_freep) struct frame_writer *frames = NULL;
	cleanup_(archive_reader_freep) struct archive_reader *reader = NULL;
	struct archive_member member;
	int r;

	assert_int_equal(frame_writer_new(fd, "the tar", 1, 1, &frames), 0);
	assert_int_equal(frame_writer_write(frames, tar->bytes, tar->size), 0);
	assert_int_equal(frame_writer_finish(frames), 0);
	lseek(fd, 0, SEEK_SET);
	assert_int_equal(archive_reader_new(fd, 1, &reader), 0);
	while ((r = archive_reader_next(reader, &member)) > 0)
		assert_true(archive_member_name_check(member.name));
	return r;
}

static void test_seal(void **state maybe_unused)
{
	cleanup_(archive_members_done) struct archive_members right = {}, swapped = {}, longer = {},
							      resized = {};
	const struct {
		const struct archive_members *members;
		const char *problem;
	} cases[] = {
		{&right, NULL},
		{&swapped, "not the ones, in the order"},
		{&longer, "are missing"},
		{&resized, "not of the size"},
		{&(struct archive_members){}, "does not list"},
	};

	assert_int_equal(archive_members_append(&right, "a", 3), 0);
	assert_int_equal(archive_members_append(&right, "b", 3), 0);
	assert_int_equal(archive_members_append(&swapped, "b", 3), 0);
	assert_int_equal(archive_members_append(&swapped, "a", 3), 0);
	assert_int_equal(archive_members_append(&longer, "a", 3), 0);
	assert_int_equal(archive_members_append(&longer, "b", 3), 0);
	assert_int_equal(archive_members_append(&longer, "c", 3), 0);
	assert_int_equal(archive_members_append(&resized, "a", 3), 0);
	assert_int_equal(archive_members_append(&resized, "b", 4), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct tar tar = {};

		tar_add(&tar, "a", '0', "one", 3);
		tar_add(&tar, "b", '0', "two", 3);
		tar_add_seal(&tar, cases[i].members);
		tar_end(&tar);
		assert_int_equal(read_tar(&tar), cases[i].problem ? -EBADMSG : 0);
		if (cases[i].problem)
			assert_logged(cases[i].problem);
	}
}

static void test_around_seal(void **state maybe_unused)
{
	const struct archive_members none = {};
	struct tar tar = {};

	tar_end(&tar);
	assert_int_equal(read_tar(&tar), -EBADMSG);
	assert_logged("without its seal");
	tar.size = 0;
	tar_add_seal(&tar, &none);
	assert_int_equal(read_tar(&tar), -EBADMSG); /* no end of the tar */
	assert_logged("cut off");
	tar_end(&tar);
	assert_int_equal(read_tar(&tar), 0);
	tar_end(&tar);
	assert_int_equal(read_tar(&tar), -EBADMSG);
	assert_logged("something follows its seal");
	tar.size -= (size_t)4 * TAR_BLOCK;
	tar_add(&tar, "late", '0', "x", 1);
	tar_end(&tar);
	assert_int_equal(read_tar(&tar), -EBADMSG);
	assert_logged("something follows its seal");
	tar.size = 0;
	tar_add(&tar, ARCHIVE_SEAL_NAME, '0', "\377\377\377", 3);
	tar_end(&tar);
	assert_int_equal(read_tar(&tar), -EBADMSG);
	assert_logged("seal is not readable");
}

static void test_bad_members(void **state maybe_unused)
{
	static const struct {
		const char *name;
		char type;
	} cases[] = {
		{"/etc/passwd", '0'}, {"../up", '0'},     {"a/../b", '0'},      {"a//b", '0'},
		{"a/", '0'},          {"a b", '0'},       {"link", '2'},        {"link", '1'},
		{"dev", '3'},         {"directory", '5'}, {"\x1b[31mred", '0'}, {"./dot", '0'},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct tar tar = {};

		tar_add(&tar, cases[i].name, cases[i].type, NULL, 0);
		tar_end(&tar);
		assert_int_equal(read_tar(&tar), -EBADMSG);
		assert_logged("the archive");
	}
	assert_false(archive_member_name_check(""));
	assert_false(archive_member_name_check(".."));
	assert_true(archive_member_name_check("task/12..x/_y-z.pb"));
}

static void test_no_tar_inside(void **state maybe_unused)
{
	struct tar tar = {.size = 5000};

	memset(tar.bytes, 'x', tar.size);
	assert_int_equal(read_tar(&tar), -EBADMSG);
	assert_logged("damaged, or not one of cr");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOGGING_TEST(test_seal),
		LOGGING_TEST(test_around_seal),
		LOGGING_TEST(test_bad_members),
		LOGGING_TEST(test_no_tar_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
