/* SPDX-License-Identifier: MIT */
/*
 * A write(2) may go into the last buffer of a pipe, if it fits. To have each buffer back as it was it is
 * written to an empty pipe of ours, and splice(2) moves it from there.
 */
#include "restorer/fd/pipe_contents.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "format/fd/pipe.h"

struct filling {
	struct archive_reader *reader;
	const char *chunk; /* borrowed from the reader: what is still to be used */
	size_t chunk_size;
	int write_fd;  /* of the pipe to be filled */
	int helper[2]; /* ours */
};

static void filling_done(struct filling *filling)
{
	close_fd(&filling->helper[0]);
	close_fd(&filling->helper[1]);
}

/* The next SIZE bytes of the member. Logs. */
static int pull(struct filling *filling, char *buffer, size_t size)
{
	while (size > 0) {
		size_t part;

		if (filling->chunk_size == 0) {
			const void *data;
			int r = archive_reader_data(filling->reader, &data, &filling->chunk_size);

			if (r < 0)
				return r;
			if (filling->chunk_size == 0)
				return log_error_errno(-EBADMSG, "its contents are too short");
			filling->chunk = data;
		}
		part = MIN(size, filling->chunk_size);
		memcpy(buffer, filling->chunk, part);
		filling->chunk += part;
		filling->chunk_size -= part;
		buffer += part;
		size -= part;
	}
	return 0;
}

/* One slot. */
static int add_buffer(struct filling *filling, const char *data, size_t size)
{
	ssize_t count = write(filling->helper[1], data, size);

	if (count == (ssize_t)size)
		count = splice(filling->helper[0], NULL, filling->write_fd, NULL, size, SPLICE_F_NONBLOCK);
	if (count != (ssize_t)size)
		return log_error_errno(count < 0 ? -errno : -EIO, "cannot put back what was in the pipe");
	return 0;
}

static int add_buffers(struct filling *filling, const Cr__PipeBuffers *buffers)
{
	char data[PIPE_SLOT_SIZE];

	if (fcntl(filling->helper[1], F_SETFL, O_NONBLOCK | (buffers->is_packet ? O_DIRECT : 0)) < 0)
		return log_error_errno(-errno, "cannot make a pipe of packets");
	for (uint32_t i = 0; i < buffers->count; i++) {
		for (size_t left = buffers->size, size; left > 0; left -= size) {
			int r;

			size = MIN(left, sizeof(data));
			r = pull(filling, data, size);
			if (r == 0)
				r = add_buffer(filling, data, size);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

int pipe_contents_fill(struct archive_reader *reader, const Cr__PipeState *state, int write_fd)
{
	cleanup_(filling_done) struct filling filling = {
		.reader = reader,
		.write_fd = write_fd,
		.helper = {-EBADF, -EBADF},
	};

	if (pipe2(filling.helper, O_CLOEXEC | O_NONBLOCK) < 0)
		return log_error_errno(-errno, "cannot make a pipe");
	for (size_t i = 0; i < state->n_buffers; i++) {
		int r = add_buffers(&filling, state->buffers[i]);

		if (r < 0)
			return r;
	}
	return 0;
}
