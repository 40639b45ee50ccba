/* SPDX-License-Identifier: MIT */
/* Looks at what is in a pipe. */
#include "dumper/fd/pipe_peek.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/vector.h"
#include "format/fd/pipe.h"

/* Bytes that are read at once. A packet is read whole or what is left of it is lost: it has PIPE_SLOT_SIZE at
 * most. */
#define CHUNK_SIZE 65536
_Static_assert(CHUNK_SIZE > PIPE_SLOT_SIZE, "a packet, and one byte more, fits into a chunk");

/* More than any buffer holds. */
#define WHOLE_BUFFER ((size_t)1 << 30)

int pipe_runs_add(struct pipe_runs *runs, uint32_t size, bool is_packet)
{
	struct pipe_run *last = runs->runs_count > 0 ? &runs->runs[runs->runs_count - 1] : NULL;

	if (last && last->size == size && last->is_packet == is_packet) {
		last->count++;
		return 0;
	}
	if (runs->runs_count >= PIPE_RUNS_MAX)
		return -E2BIG;
	last = vector_append(runs, runs);
	if (!last)
		return -ENOMEM;
	*last = (struct pipe_run){.size = size, .count = 1, .is_packet = is_packet};
	return 0;
}

static void pair_done(struct pipe_pair *pair)
{
	close_fd(&pair->read_fd);
	close_fd(&pair->write_fd);
}

static int pair_open(struct pipe_pair *pair)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	*pair = (struct pipe_pair){.read_fd = fds[0], .write_fd = fds[1]};
	return 0;
}

void pipe_peek_done(struct pipe_peek *peek)
{
	pair_done(&peek->all);
	pair_done(&peek->one);
	pair_done(&peek->test);
	peek->is_clean = false;
}

/* Pipes that are empty: what an earlier failure has left in them goes with them. */
static int prepare(struct pipe_peek *peek)
{
	int r;

	if (peek->is_clean)
		return 0;
	pipe_peek_done(peek);
	r = pair_open(&peek->all);
	if (r == 0)
		r = pair_open(&peek->one);
	if (r == 0)
		r = pair_open(&peek->test);
	if (r == 0 && fcntl(peek->one.write_fd, F_SETPIPE_SZ, PIPE_SLOT_SIZE) < 0)
		r = -errno;
	if (r < 0)
		pipe_peek_done(peek);
	return r;
}

/* As large as the other; if that is not permitted, as large as possible: it need not be full. */
static void grow(struct pipe_peek *peek, uint32_t capacity)
{
	int own = fcntl(peek->all.write_fd, F_GETPIPE_SZ);

	for (uint32_t size = capacity; own >= 0 && size > (uint32_t)own; size /= 2) {
		if (fcntl(peek->all.write_fd, F_SETPIPE_SZ, size) >= 0)
			break;
	}
}

/* Another reference to all that is in the pipe of FD, in peek->all. */
static int take_references(struct pipe_peek *peek, int fd, uint32_t capacity, uint32_t bytes)
{
	ssize_t count;
	int r = prepare(peek);

	if (r < 0)
		return r;
	peek->is_clean = false;
	grow(peek, capacity);
	count = tee(fd, peek->all.write_fd, (size_t)bytes + 1, SPLICE_F_NONBLOCK);
	if (count < 0)
		return -errno;
	if ((size_t)count == bytes)
		return 0;
	return (size_t)count > bytes || count == 0 ? -ESTALE : -ENOSPC;
}

/* Reads BYTES, and throws them away. */
static int discard(int fd, uint32_t bytes, char buffer[CHUNK_SIZE])
{
	while (bytes > 0) {
		ssize_t count = read(fd, buffer, CHUNK_SIZE);

		if (count < 0)
			return -errno;
		if (count == 0 || (size_t)count > bytes)
			return -EIO;
		bytes -= (uint32_t)count;
	}
	return 0;
}

/*
 * 1 if the buffer in peek->one is a packet, 0 if not. A read(2) ends behind a packet, and goes on into the
 * next buffer otherwise: so this is told by two of it, one behind the other.
 */
static int test_packet(struct pipe_peek *peek, uint32_t size, char buffer[CHUNK_SIZE])
{
	ssize_t count = 0;
	int r;

	if (size > PIPE_SLOT_SIZE)
		return 0;
	for (unsigned i = 0; i < 2; i++) {
		count = tee(peek->one.read_fd, peek->test.write_fd, WHOLE_BUFFER, SPLICE_F_NONBLOCK);
		if (count != (ssize_t)size)
			return count < 0 ? -errno : -EIO;
	}
	count = read(peek->test.read_fd, buffer, (size_t)size + 1);
	if (count < (ssize_t)size)
		return count < 0 ? -errno : -EIO;
	r = discard(peek->test.read_fd, 2 * size - (uint32_t)count, buffer);
	return r < 0 ? r : count == (ssize_t)size;
}

static int take_apart(struct pipe_peek *peek, uint32_t bytes, struct pipe_runs *runs, char buffer[CHUNK_SIZE])
{
	while (bytes > 0) {
		ssize_t size = splice(peek->all.read_fd, NULL, peek->one.write_fd, NULL, WHOLE_BUFFER,
				      SPLICE_F_NONBLOCK);
		int is_packet, r;

		if (size <= 0 || (size_t)size > bytes)
			return size < 0 ? -errno : -EIO;
		is_packet = test_packet(peek, (uint32_t)size, buffer);
		if (is_packet < 0)
			return is_packet;
		r = pipe_runs_add(runs, (uint32_t)size, is_packet);
		if (r == 0)
			r = discard(peek->one.read_fd, (uint32_t)size, buffer);
		if (r < 0)
			return r;
		bytes -= (uint32_t)size;
	}
	return 0;
}

int pipe_peek_runs(struct pipe_peek *peek, int fd, uint32_t capacity, uint32_t bytes, struct pipe_runs *runs)
{
	cleanup_free char *buffer = malloc(CHUNK_SIZE);
	int r;

	if (!buffer)
		return -ENOMEM;
	r = take_references(peek, fd, capacity, bytes);
	if (r == 0)
		r = take_apart(peek, bytes, runs, buffer);
	peek->is_clean = r == 0;
	return r;
}

/* The next bytes; -EIO if it holds fewer than it did. */
static int read_some(const struct pipe_peek *peek, char *buffer, uint32_t bytes)
{
	ssize_t count = read(peek->all.read_fd, buffer, MIN(bytes, (uint32_t)CHUNK_SIZE));

	return count < 0 ? -errno : count == 0 ? -EIO : (int)count;
}

int pipe_peek_write(struct pipe_peek *peek, int fd, uint32_t capacity, uint32_t bytes,
		    struct archive_writer *writer)
{
	cleanup_free char *buffer = malloc(CHUNK_SIZE);
	int r = buffer ? take_references(peek, fd, capacity, bytes) : -ENOMEM;

	if (r < 0)
		return log_error_errno(r, "cannot read what is in it");
	while (bytes > 0) {
		int count = read_some(peek, buffer, bytes);

		if (count < 0)
			return log_error_errno(count, "cannot read what is in it");
		r = archive_writer_data(writer, buffer, (size_t)count);
		if (r < 0)
			return r;
		bytes -= (uint32_t)count;
	}
	peek->is_clean = true;
	return 0;
}

int pipe_peek_has_writer(struct pipe_peek *peek, int fd)
{
	ssize_t count;
	int r = prepare(peek);

	if (r < 0)
		return r;
	/* From an empty pipe tee(2) gets an end of file, or would have to wait for a writer. */
	count = tee(fd, peek->all.write_fd, 1, SPLICE_F_NONBLOCK);
	if (count == 0)
		return 0;
	if (count < 0)
		return errno == EAGAIN ? 1 : -errno;
	peek->is_clean = false;
	return -ESTALE;
}
