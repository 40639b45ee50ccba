/* SPDX-License-Identifier: MIT */
/* Reads and writes that wait with poll(2) where the file may block. */
#include "format/stream_io.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/interrupt.h"

static bool fd_may_block(int fd)
{
	struct stat status;

	return fstat(fd, &status) < 0 || !(S_ISREG(status.st_mode) || S_ISBLK(status.st_mode));
}

void stream_input_init(struct stream_input *input, int fd, int stop_fd)
{
	input->fd = fd;
	input->stop_fd = stop_fd;
	input->may_block = fd_may_block(fd);
	input->offset = 0;
	input->buffer_start = 0;
	input->buffer_end = 0;
}

void stream_output_init(struct stream_output *output, int fd, int stop_fd)
{
	output->fd = fd;
	output->stop_fd = stop_fd;
	output->may_block = fd_may_block(fd);
	output->has_nowait = output->may_block;
}

/* 0 once FD is ready for EVENTS (or has an error for the next call to report). */
static int wait_ready(int fd, short events, int stop_fd)
{
	struct pollfd polled[] = {
		{.fd = fd, .events = events},
		{.fd = stop_fd, .events = POLLIN},
		{.fd = interrupt_fd(), .events = POLLIN},
	};

	for (;;) {
		if (poll(polled, ARRAY_SIZE(polled), -1) < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (polled[1].revents)
			return -ECANCELED;
		if (polled[2].revents)
			return -EINTR;
		if (polled[0].revents)
			return 0;
	}
}

/* One read(2); *ret_count is 0 at the end of the stream. */
static int read_some(struct stream_input *input, void *data, size_t size, size_t *ret_count)
{
	for (;;) {
		ssize_t count;

		if (input->may_block) {
			int r = wait_ready(input->fd, POLLIN, input->stop_fd);

			if (r < 0)
				return r;
		}
		count = read(input->fd, data, size);
		if (count >= 0) {
			*ret_count = (size_t)count;
			return 0;
		}
		if (errno != EINTR && errno != EAGAIN)
			return -errno;
		if (errno == EAGAIN && !input->may_block)
			return -EAGAIN;
	}
}

int stream_read(struct stream_input *input, void *data, size_t size, size_t *ret_count)
{
	uint8_t *to = data;
	size_t done = 0;

	while (done < size) {
		size_t count = MIN(input->buffer_end - input->buffer_start, size - done);
		int r;

		if (count > 0) {
			memcpy(to + done, input->buffer + input->buffer_start, count);
			input->buffer_start += count;
		} else if (size - done >= STREAM_BUFFER_SIZE / 4) {
			r = read_some(input, to + done, size - done, &count);
			if (r < 0)
				return r;
			if (count == 0)
				break;
		} else {
			r = read_some(input, input->buffer, sizeof(input->buffer), &count);
			if (r < 0)
				return r;
			if (count == 0)
				break;
			input->buffer_start = 0;
			input->buffer_end = count;
			continue;
		}
		done += count;
		input->offset += count;
	}
	*ret_count = done;
	return 0;
}

/*
 * One write that does not block: a plain write(2) of more than a pipe has room for would, whatever poll(2)
 * said, and O_NONBLOCK would be seen by everybody who shares the open file description.
 */
static ssize_t write_some(struct stream_output *output, const void *data, size_t size)
{
	if (output->has_nowait) {
		struct iovec vector = {.iov_base = (void *)data, .iov_len = size};
		ssize_t count = pwritev2(output->fd, &vector, 1, -1, RWF_NOWAIT);

		if (count >= 0 || (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL))
			return count;
		output->has_nowait = false;
	}
	return write(output->fd, data, size);
}

int stream_write(struct stream_output *output, const void *data, size_t size)
{
	const uint8_t *from = data;

	while (size > 0) {
		ssize_t count;

		if (output->may_block) {
			int r = wait_ready(output->fd, POLLOUT, output->stop_fd);

			if (r < 0)
				return r;
		}
		count = write_some(output, from, size);
		if (count < 0 && (errno == EINTR || (errno == EAGAIN && output->may_block)))
			continue;
		if (count < 0)
			return -errno;
		from += count;
		size -= (size_t)count;
	}
	return 0;
}
