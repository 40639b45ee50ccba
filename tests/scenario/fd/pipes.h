/* SPDX-License-Identifier: MIT */
/* What the scenarios of pipes and FIFOs have in common. */
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "scenario.h"

struct pipe_pair {
	int read_fd, write_fd;
};

static inline struct pipe_pair pipes_make(int flags)
{
	int fds[2];

	scenario_call(pipe2(fds, flags));
	return (struct pipe_pair){fds[0], fds[1]};
}

/* What poll(2) tells of FD at once. */
static inline int pipes_poll(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN | POLLOUT};

	scenario_call(poll(&poll_fd, 1, 0));
	return poll_fd.revents;
}

/* Bytes in it. */
static inline int pipes_held(int fd)
{
	int bytes = -1;

	scenario_call(ioctl(fd, FIONREAD, &bytes));
	return bytes;
}

/* Another open file description of the same pipe. */
static inline int pipes_open_again(int fd, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return scenario_call(open(path, flags));
}

static inline void pipes_write(int fd, const void *data, size_t size)
{
	scenario_check_equal(write(fd, data, size), size);
}

/* SIZE bytes that follow from SEED. */
static inline void pipes_write_filled(int fd, size_t size, uint64_t seed)
{
	char data[1 << 16];

	scenario_check(size <= sizeof(data));
	scenario_fill(data, size, seed);
	pipes_write(fd, data, size);
}

/* One read(2) that asks for ASKED bytes gets SIZE, and they are those. */
static inline void pipes_read_filled(int fd, size_t asked, size_t size, uint64_t seed)
{
	char data[1 << 16];

	scenario_check(asked <= sizeof(data));
	scenario_check_equal(read(fd, data, asked), size);
	scenario_check(scenario_is_filled(data, size, seed));
}

/* The next bytes are TEXT. */
static inline void pipes_read_text(int fd, const char *text)
{
	char data[256];

	scenario_check_equal(read(fd, data, strlen(text)), strlen(text));
	scenario_check(memcmp(data, text, strlen(text)) == 0);
}

/* It is empty, and has a writer. FD is O_NONBLOCK. */
static inline void pipes_check_empty(int fd)
{
	char byte;

	scenario_check(read(fd, &byte, 1) < 0 && errno == EAGAIN);
}

/* It is empty, and has no writer. */
static inline void pipes_check_end(int fd)
{
	char byte;

	scenario_check_equal(read(fd, &byte, 1), 0);
}
