/* SPDX-License-Identifier: MIT */
/*
 * Turns a stream of bytes into zstd frames, compressed by several threads and written in order, and ends it
 * with a seek table. The threads are started when there is enough for them, or the output may block.
 *
 * Memory: a ring of (threads + 2) frames, each with room for FRAME_CONTENT_SIZE bytes and their compressed
 * form, allocated once. When all are in use the caller waits. One thread calls these functions; only the
 * counters may be read from any.
 */
#pragma once

#include "common/cleanup.h"
#include "common/compiler.h"

struct frame_writer;

/*
 * FD is borrowed, NAME too: what messages call the output. LEVEL is a zstd level; THREAD_COUNT 0 stands for
 * the number of usable CPUs. Both are clamped to what zstd knows and what fits into memory.
 */
int must_check frame_writer_new(int fd, const char *name, int level, unsigned thread_count,
				struct frame_writer **ret_writer);

/* Stops the threads, even when they wait for a reader of the pipe; what was not written is lost. */
void frame_writer_free(struct frame_writer *writer);
DEFINE_FREEP(frame_writer, frame_writer_free)

/*
 * Room at the end of the current frame: 1 to WANTED bytes, valid until the next call. Waits until a frame is
 * free. These four return 0 or a negative errno, logged once; after the first error all of them return it.
 */
int must_check frame_writer_reserve(struct frame_writer *writer, size_t wanted, void **ret_buffer,
				    size_t *ret_size);

/* Takes SIZE bytes at DATA into the stream, without a copy if they already lie at the end of the current
 * frame. */
int must_check frame_writer_write(struct frame_writer *writer, const void *data, size_t size);

/* Ends the current frame, so that what follows starts a new one. */
int must_check frame_writer_flush(struct frame_writer *writer);

/* Waits until all frames are written, then writes the seek table. A broken pipe raises SIGPIPE in this
 * thread. */
int must_check frame_writer_finish(struct frame_writer *writer);

uint64_t frame_writer_bytes_in(const struct frame_writer *writer);
uint64_t frame_writer_bytes_out(const struct frame_writer *writer);
