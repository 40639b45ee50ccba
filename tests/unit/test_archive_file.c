/* SPDX-License-Identifier: MIT */
/* Where an archive is written to, and what happens when that fails: nothing is left, and the message says
 * why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "format/archive_file.h"
#include "format/archive_reader.h"
#include "format/archive_writer.h"
#include "tests/unit/captured_log.h"

static char directory[] = "/tmp/cr-test-XXXXXX";

static int enter_directory(void **state maybe_unused)
{
	return !mkdtemp(directory) || chdir(directory) < 0;
}

static int leave_directory(void **state maybe_unused)
{
	return chdir("/") < 0 || rmdir(directory) < 0;
}

static unsigned count_entries(void)
{
	cleanup_closedir DIR *here = opendir(".");
	unsigned count = 0;

	assert_non_null(here);
	while (readdir(here))
		count++;
	return count - 2;
}

static void test_commit(void **state maybe_unused)
{
	for (unsigned i = 0; i < 2; i++) {
		cleanup_(archive_file_freep) struct archive_file *file = NULL;
		cleanup_free char *text = NULL;
		struct stat status;

		assert_int_equal(archive_file_create("new", &file), 0);
		assert_int_equal(file_write_full(archive_file_fd(file), i ? "two" : "one", 3), 0);
		/* Not there before the commit; the old one is, the second time. */
		assert_int_equal(file_read_at(AT_FDCWD, "new", 10, &text, NULL), i ? 0 : -ENOENT);
		if (i)
			assert_string_equal(text, "one");
		assert_int_equal(archive_file_commit(file), 0);
		assert_int_equal(stat("new", &status), 0);
		assert_int_equal(status.st_mode, S_IFREG | 0600);
		assert_int_equal(count_entries(), 1);
	}
	unlink("new");
}

static void test_no_commit(void **state maybe_unused)
{
	cleanup_(archive_file_freep) struct archive_file *file = NULL;

	assert_int_equal(archive_file_create("./new", &file), 0);
	assert_string_equal(archive_file_name(file), "./new");
	assert_int_equal(file_write_full(archive_file_fd(file), "x", 1), 0);
	archive_file_free(take_ptr(file));
	assert_int_equal(count_entries(), 0);
}

static void test_symbolic_link(void **state maybe_unused)
{
	cleanup_(archive_file_freep) struct archive_file *file = NULL;
	struct stat status;

	assert_int_equal(mkdir("below", 0700), 0);
	assert_int_equal(close(open("below/real", O_CREAT | O_WRONLY | O_CLOEXEC, 0600)), 0);
	assert_int_equal(symlink("below/real", "link"), 0);
	assert_int_equal(archive_file_create("link", &file), 0);
	assert_int_equal(file_write_full(archive_file_fd(file), "x", 1), 0);
	assert_int_equal(archive_file_commit(file), 0);
	assert_int_equal(lstat("link", &status), 0);
	assert_true(S_ISLNK(status.st_mode));
	assert_int_equal(stat("below/real", &status), 0);
	assert_int_equal(status.st_size, 1);
	unlink("link");
	unlink("below/real");
	rmdir("below");
}

static void test_refused_outputs(void **state maybe_unused)
{
	struct archive_file *file = NULL;

	assert_int_equal(archive_file_create("/tmp", &file), -EISDIR);
	assert_logged("cannot write '/tmp': Is a directory");
	assert_int_equal(archive_file_create("no/such", &file), -ENOENT);
	assert_logged("cannot write 'no/such'");
	assert_int_equal(archive_file_create("new/", &file), -EISDIR);
	assert_logged("cannot write 'new/'");
	assert_int_equal(archive_file_create("", &file), -ENOENT);
	assert_logged("cannot write ''");
	assert_null(file);
}

static void test_refused_terminal(void **state maybe_unused)
{
	cleanup_close int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct archive_file *file = NULL;

	if (terminal < 0)
		skip(); /* no devpts, as in a bare chroot */
	assert_int_equal(archive_file_create("/dev/ptmx", &file), -EINVAL);
	assert_logged("'/dev/ptmx' is a terminal");
	assert_null(file);
}

static void test_inputs(void **state maybe_unused)
{
	cleanup_close int fd = -EBADF;
	bool is_seekable;

	assert_int_equal(archive_file_open_input("no", &fd, &is_seekable), -ENOENT);
	assert_logged("cannot read 'no': No such file or directory");
	assert_int_equal(archive_file_open_input("/tmp", &fd, &is_seekable), -EISDIR);
	assert_logged("cannot read '/tmp': Is a directory");
	assert_int_equal(archive_file_open_input("/dev/null", &fd, &is_seekable), 0);
	assert_false(is_seekable);
	close_fd(&fd);
	assert_int_equal(archive_file_open_input("/proc/self/exe", &fd, &is_seekable), 0);
	assert_true(is_seekable);
}

/* Members of SIZE bytes, until it fails or there are COUNT. */
static int write_random(struct archive_writer *writer, size_t size, unsigned count)
{
	cleanup_free char *data = malloc(size);
	unsigned seed = 1;

	assert_non_null(data);
	for (size_t i = 0; i < size; i++)
		data[i] = (char)(rand_r(&seed) >> 7);
	for (unsigned i = 0; i < count; i++) {
		int r = archive_writer_member_begin(writer, "pages", size);

		if (r == 0)
			r = archive_writer_data(writer, data, size);
		if (r == 0)
			r = archive_writer_member_end(writer);
		if (r < 0)
			return r;
	}
	return archive_writer_finish(writer);
}

static void test_no_space(void **state maybe_unused)
{
	for (unsigned count = 0; count <= 40; count += 20) {
		cleanup_(archive_file_freep) struct archive_file *file = NULL;
		cleanup_(archive_writer_freep) struct archive_writer *writer = NULL;
		struct archive_writer_options options = {.level = 1, .thread_count = 2};

		assert_int_equal(archive_file_create("/dev/full", &file), 0);
		options.fd = archive_file_fd(file);
		options.name = archive_file_name(file);
		assert_int_equal(archive_writer_new(&options, &writer), 0);
		assert_int_equal(write_random(writer, 1000000, count), -ENOSPC);
		assert_logged("cannot write '/dev/full': No space left on device");
		assert_int_equal(archive_writer_finish(writer), -ENOSPC);
	}
}

/* Nobody reads the pipe: the threads wait in a write, and still end. */
static void test_stop_on_full_pipe(void **state maybe_unused)
{
	cleanup_close int reading = -EBADF, writing = -EBADF;
	cleanup_(archive_writer_freep) struct archive_writer *writer = NULL;
	struct archive_writer_options options = {.name = "pipe", .level = 1, .thread_count = 2};
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	reading = ends[0];
	writing = options.fd = ends[1];
	assert_int_equal(archive_writer_new(&options, &writer), 0);
	/* Less than the ring of frames holds, so that this does not wait itself. */
	assert_int_equal(archive_writer_member_begin(writer, "pages", 3000000), 0);
	for (unsigned i = 0; i < 300; i++) {
		char piece[10000];

		for (size_t k = 0; k < sizeof(piece); k++)
			piece[k] = (char)rand();
		assert_int_equal(archive_writer_data(writer, piece, sizeof(piece)), 0);
	}
	assert_int_equal(archive_writer_member_end(writer), 0);
	while (archive_writer_bytes_in(writer) < 3000000)
		usleep(1000);
	usleep(50000);
	archive_writer_free(take_ptr(writer));
}

/* Nobody writes to the pipe: the same for the reader. */
static void test_stop_on_silent_pipe(void **state maybe_unused)
{
	cleanup_close int reading = -EBADF, writing = -EBADF;
	struct archive_reader *reader = NULL;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	reading = ends[0];
	writing = ends[1];
	assert_int_equal(archive_reader_new(reading, 2, &reader), 0);
	assert_int_equal(file_write_full(writing, "\x28\xb5\x2f", 3), 0);
	usleep(50000);
	archive_reader_free(reader);
}

static void *feed_pipe(void *argument)
{
	cleanup_(archive_writer_freep) struct archive_writer *writer = NULL;
	struct archive_writer_options options = {.fd = *(int *)argument, .name = "pipe", .level = 1};
	int r = archive_writer_new(&options, &writer);

	if (r == 0)
		r = write_random(writer, 700001, 9);
	close(options.fd);
	return (void *)(intptr_t)r;
}

static void test_through_pipe(void **state maybe_unused)
{
	cleanup_(archive_reader_freep) struct archive_reader *reader = NULL;
	cleanup_close int reading = -EBADF;
	struct archive_member member;
	pthread_t thread;
	void *result;
	unsigned count = 0;
	int ends[2], r;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	reading = ends[0];
	assert_int_equal(pthread_create(&thread, NULL, feed_pipe, &ends[1]), 0);
	assert_int_equal(archive_reader_new(reading, 0, &reader), 0);
	while ((r = archive_reader_next(reader, &member)) > 0) {
		assert_int_equal(member.size, 700001);
		count++;
	}
	assert_int_equal(r, 0);
	assert_int_equal(count, 9);
	pthread_join(thread, &result);
	assert_null(result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOGGING_TEST(test_commit),
		LOGGING_TEST(test_no_commit),
		LOGGING_TEST(test_symbolic_link),
		LOGGING_TEST(test_refused_outputs),
		LOGGING_TEST(test_refused_terminal),
		LOGGING_TEST(test_inputs),
		LOGGING_TEST(test_no_space),
		LOGGING_TEST(test_stop_on_full_pipe),
		LOGGING_TEST(test_stop_on_silent_pipe),
		LOGGING_TEST(test_through_pipe),
	};

	return cmocka_run_group_tests(tests, enter_directory, leave_directory);
}
