/* SPDX-License-Identifier: MIT */
/*
 * Looks at what is in a pipe or FIFO without taking anything out: tee(2) hands the buffers, not copies of
 * them, to a pipe of ours, where they can be taken apart.
 */
#pragma once

#include <stdbool.h>

#include "common/compiler.h"
#include "format/archive_writer.h"

/* A pipe of ours, both ends. */
struct pipe_pair {
	int read_fd, write_fd;
};

/* What looking takes; used for one pipe after the other. Begins as PIPE_PEEK_NULL. */
struct pipe_peek {
	struct pipe_pair all;  /* a second reference to each buffer */
	struct pipe_pair one;  /* one of them, for there is one slot */
	struct pipe_pair test; /* for finding out what it is */
	bool is_clean;         /* nothing is in them */
};

#define PIPE_PEEK_NULL                                                                                       \
	((struct pipe_peek){.all = {-EBADF, -EBADF}, .one = {-EBADF, -EBADF}, .test = {-EBADF, -EBADF}})

/* Buffers that follow one another, each of the same size. */
struct pipe_run {
	uint32_t size, count;
	bool is_packet;
};

struct pipe_runs {
	struct pipe_run *runs; /* owned */
	size_t runs_count, runs_capacity;
};

/* Adds one buffer behind the others. -ENOMEM; -E2BIG beyond PIPE_RUNS_MAX. */
int must_check pipe_runs_add(struct pipe_runs *runs, uint32_t size, bool is_packet);

/*
 * What buffers are in the pipe of FD, which is open for reading, has CAPACITY and holds BYTES. -ENOSPC if a
 * pipe as large cannot be made here (CAP_SYS_RESOURCE); -ESTALE if BYTES is not what it holds. Silent.
 */
int must_check pipe_peek_runs(struct pipe_peek *peek, int fd, uint32_t capacity, uint32_t bytes,
			      struct pipe_runs *runs);

/* Writes what is in it to the open member of WRITER. Logs. */
int must_check pipe_peek_write(struct pipe_peek *peek, int fd, uint32_t capacity, uint32_t bytes,
			       struct archive_writer *writer);

/* Whether anybody has the empty pipe of FD, which is open for reading, open for writing: 1 or 0. Silent. */
int must_check pipe_peek_has_writer(struct pipe_peek *peek, int fd);

void pipe_peek_done(struct pipe_peek *peek);
