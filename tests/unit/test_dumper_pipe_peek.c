/* SPDX-License-Identifier: MIT */
/* Looking into pipes without taking anything out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "dumper/fd/pipe_peek.h"
#include "format/fd/pipe.h"

static void runs_done(struct pipe_runs *runs)
{
	free(runs->runs);
}

static void make(int fds[2], int flags)
{
	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK | flags), 0);
}

static void end(int fds[2])
{
	close(fds[0]);
	close(fds[1]);
}

static void put(int fd, size_t size)
{
	cleanup_free char *data = malloc(size);

	assert_non_null(data);
	memset(data, 'x', size);
	assert_int_equal(write(fd, data, size), size);
}

static uint32_t held(int fd)
{
	int bytes = -1;

	assert_int_equal(ioctl(fd, FIONREAD, &bytes), 0);
	return (uint32_t)bytes;
}

/* EXPECTED ends with a run of size 0. */
static void assert_runs(struct pipe_peek *peek, int fd, const struct pipe_run *expected)
{
	cleanup_(runs_done) struct pipe_runs runs = {0};
	uint32_t bytes = held(fd);
	size_t count = 0;

	assert_int_equal(pipe_peek_runs(peek, fd, (uint32_t)fcntl(fd, F_GETPIPE_SZ), bytes, &runs), 0);
	for (; expected[count].size > 0; count++) {
		assert_true(count < runs.runs_count);
		assert_int_equal(runs.runs[count].size, expected[count].size);
		assert_int_equal(runs.runs[count].count, expected[count].count);
		assert_int_equal(runs.runs[count].is_packet, expected[count].is_packet);
	}
	assert_int_equal(runs.runs_count, count);
	assert_int_equal(held(fd), bytes);
}

static void tells_buffers_apart(void **state maybe_unused)
{
	struct pipe_peek peek = PIPE_PEEK_NULL;
	int stream[2], packets[2];

	make(stream, 0);
	put(stream[1], 100);
	put(stream[1], 200); /* goes into the same buffer */
	put(stream[1], 4000);
	put(stream[1], 3 * 4096);
	assert_runs(&peek, stream[0],
		    (struct pipe_run[]){{300, 1, false}, {4000, 1, false}, {4096, 3, false}, {0}});
	make(packets, O_DIRECT);
	put(packets[1], 1);
	put(packets[1], 1);
	put(packets[1], 4096);
	put(packets[1], 5000); /* two packets */
	assert_int_equal(fcntl(packets[1], F_SETFL, O_NONBLOCK), 0);
	put(packets[1], 1);
	put(packets[1], 4096);
	assert_runs(
		&peek, packets[0],
		(struct pipe_run[]){
			{1, 2, true}, {4096, 2, true}, {904, 1, true}, {1, 1, false}, {4096, 1, false}, {0}});
	end(stream);
	end(packets);
	pipe_peek_done(&peek);
}

static void looks_at_large_pipes(void **state maybe_unused)
{
	struct pipe_peek peek = PIPE_PEEK_NULL;
	int fds[2];

	make(fds, 0);
	if (fcntl(fds[1], F_SETPIPE_SZ, 1 << 20) < 0)
		skip();
	put(fds[1], 1 << 20);
	assert_runs(&peek, fds[0], (struct pipe_run[]){{4096, 256, false}, {0}});
	assert_runs(&peek, fds[0], (struct pipe_run[]){{4096, 256, false}, {0}});
	end(fds);
	pipe_peek_done(&peek);
}

static void notices_another_content(void **state maybe_unused)
{
	cleanup_(runs_done) struct pipe_runs runs = {0};
	struct pipe_peek peek = PIPE_PEEK_NULL;
	int fds[2];

	make(fds, 0);
	put(fds[1], 100);
	assert_int_equal(pipe_peek_runs(&peek, fds[0], 65536, 99, &runs), -ESTALE);
	assert_int_equal(pipe_peek_runs(&peek, fds[0], 65536, 101, &runs), -ENOSPC);
	/* What was left over is not taken for that of the next. */
	assert_runs(&peek, fds[0], (struct pipe_run[]){{100, 1, false}, {0}});
	end(fds);
	pipe_peek_done(&peek);
}

static void finds_writers(void **state maybe_unused)
{
	struct pipe_peek peek = PIPE_PEEK_NULL;
	int fds[2];

	make(fds, 0);
	assert_int_equal(pipe_peek_has_writer(&peek, fds[0]), 1);
	close(fds[1]);
	assert_int_equal(pipe_peek_has_writer(&peek, fds[0]), 0);
	close(fds[0]);
	pipe_peek_done(&peek);
}

static void counts_runs(void **state maybe_unused)
{
	cleanup_(runs_done) struct pipe_runs runs = {0};

	for (uint32_t i = 0; i < PIPE_RUNS_MAX; i++)
		assert_int_equal(pipe_runs_add(&runs, 1 + i % 2, false), 0);
	assert_int_equal(pipe_runs_add(&runs, 2, false), 0);
	assert_int_equal(pipe_runs_add(&runs, 2, true), -E2BIG);
	assert_int_equal(runs.runs_count, PIPE_RUNS_MAX);
	assert_int_equal(runs.runs[PIPE_RUNS_MAX - 1].count, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_buffers_apart),
		cmocka_unit_test(looks_at_large_pipes),
		cmocka_unit_test(notices_another_content),
		cmocka_unit_test(finds_writers),
		cmocka_unit_test(counts_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
