/* SPDX-License-Identifier: MIT */
/*
 * The content of a stream of zstd frames, in order, decompressed ahead of the caller by several threads,
 * which are started when the first MiB has been read: less is not worth them.
 *
 * Memory: a ring of (threads + 2) frames, bounded by FRAME_CONTENT_MAX each. One thread calls these
 * functions.
 */
#pragma once

#include <stdbool.h>

#include "common/cleanup.h"
#include "common/compiler.h"

struct frame_decompressor;
struct frame_reader;

/*
 * FD is borrowed and read from where it stands. THREAD_COUNT 0 stands for the number of usable CPUs. Logs
 * what fails.
 */
int must_check frame_reader_new(int fd, unsigned thread_count, struct frame_reader **ret_reader);

/* What undoes the frames as long as there are no threads; borrowed until the first frame_reader_next(). */
struct frame_decompressor *frame_reader_decompressor(const struct frame_reader *reader);

/*
 * For a fork(2), which the threads would not survive: ends them when the frames that they read have been
 * read, and starts them again. In between, only frame_reader_free() may be called; a child starts them again
 * before anything else: that also parts it from its parent.
 */
void frame_reader_pause(struct frame_reader *reader);
int must_check frame_reader_resume(struct frame_reader *reader);

/* Stops the threads, even when they wait for a silent pipe. */
void frame_reader_free(struct frame_reader *reader);
DEFINE_FREEP(frame_reader, frame_reader_free)

/*
 * The content of the next frame, borrowed until the next call; size 0 at the end of the stream. 0, or a
 * negative errno, logged once (-EBADMSG: the stream is not what it must be); after an error, always that
 * error.
 */
int must_check frame_reader_next(struct frame_reader *reader, const void **ret_data, size_t *ret_size);

/*
 * Leaves WORK(ARGUMENT) to the threads that decompress: it is done at once, beside what the caller goes on
 * with, and DATA, a piece of the frame handed out last, stays as it is until it is done. False: WORK is not
 * done, because DATA is no such piece, the frame has work already, or there are no threads yet. There is no
 * order, and much work may be done at once. What fails WORK has to keep for itself.
 */
bool must_check frame_reader_leave(struct frame_reader *reader, const void *data,
				   void (*work)(void *argument), void *argument);

/* Until all work that was left is done; with a hand from the caller. To be called before the reader is paused
 * or freed, and before what ARGUMENT points to goes. */
void frame_reader_wait(struct frame_reader *reader);

/* At the end of the stream: the seek table was there, and agrees with the frames. */
bool frame_reader_has_seek_table(const struct frame_reader *reader);

/* At the end of the stream: how many bytes it had. */
uint64_t frame_reader_end_offset(const struct frame_reader *reader);

/* Content, and offset behind the last frame, that frame_reader_next() has handed out so far; for progress. */
uint64_t frame_reader_bytes_out(const struct frame_reader *reader);
uint64_t frame_reader_bytes_in(const struct frame_reader *reader);
