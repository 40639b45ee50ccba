/* SPDX-License-Identifier: MIT */
/*
 * Sequential reads and writes on a file, pipe or socket that another thread can interrupt: a transfer that
 * blocks on a silent peer ends with -ECANCELED once something was written to the eventfd STOP_FD.
 * One thread at a time uses a stream; the caller sees to that.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/compiler.h"

#define STREAM_BUFFER_SIZE 65536

struct stream_input {
	int fd;      /* borrowed */
	int stop_fd; /* borrowed */
	bool may_block;
	uint64_t offset; /* bytes handed out so far */
	size_t buffer_start;
	size_t buffer_end;
	uint8_t buffer[STREAM_BUFFER_SIZE];
};

struct stream_output {
	int fd;      /* borrowed */
	int stop_fd; /* borrowed */
	bool may_block;
	bool has_nowait; /* RWF_NOWAIT works here */
};

void stream_input_init(struct stream_input *input, int fd, int stop_fd);
void stream_output_init(struct stream_output *output, int fd, int stop_fd);

/* Reads up to SIZE bytes; fewer in *ret_count only at the end of the stream. 0 or a negative errno. */
int must_check stream_read(struct stream_input *input, void *data, size_t size, size_t *ret_count);

/* Writes all of SIZE bytes. 0 or a negative errno. */
int must_check stream_write(struct stream_output *output, const void *data, size_t size);
