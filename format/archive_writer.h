/* SPDX-License-Identifier: MIT */
/*
 * Writes an archive: a tar of members inside zstd frames, ended by a seal and a seek table.
 *
 * Members are written one after the other, of a size that is known beforehand. What they hold goes into
 * frames of FRAME_CONTENT_SIZE bytes that threads compress and write in order; memory is bounded whatever the
 * members' size. All functions are called by one thread, but the counters, which any may read.
 *
 * Functions return 0 or a negative errno, logged once by the archive writer ("cannot write 'NAME': ...").
 * After an error the archive is lost: every further call but archive_writer_free() returns that error.
 */
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/compiler.h"

/* Usual compression levels; the ends of what is accepted are zstd's own. */
#define ARCHIVE_LEVEL_DEFAULT 1

struct archive_writer;

struct archive_writer_options {
	int fd;           /* borrowed: a file, pipe, socket or device, open for writing */
	const char *name; /* borrowed: what messages call the output */
	int level;        /* a zstd level, clamped to what there is; negative ones are faster */
	/* 0 = as many as there are usable CPUs; lowered to what fits into memory at that level. */
	unsigned thread_count;
};

int must_check archive_writer_new(const struct archive_writer_options *options,
				  struct archive_writer **ret_writer);

/* Stops the threads, in any state, also when they wait for the reader of a pipe. */
void archive_writer_free(struct archive_writer *writer);
DEFINE_FREEP(archive_writer, archive_writer_free)

/* Writes MESSAGE as a member of its own. */
int must_check archive_writer_message(struct archive_writer *writer, const char *name,
				      const ProtobufCMessage *message);

/*
 * A member of exactly SIZE bytes follows, until archive_writer_member_end(). NAME is as
 * archive_member_name_check() wants it, and not "seal.pb".
 */
int must_check archive_writer_member_begin(struct archive_writer *writer, const char *name, uint64_t size);

/*
 * Room for the next bytes of the member, in place: *ret_size is 1 to WANTED bytes, less where a frame ends.
 * WANTED is more than 0 and not more than what the member still lacks. The room is the caller's until the
 * next call of any function here. Only the next archive_writer_commit() makes its first SIZE bytes part of
 * the member; without one, nothing happened.
 */
int must_check archive_writer_reserve(struct archive_writer *writer, size_t wanted, void **ret_buffer,
				      size_t *ret_size);
int must_check archive_writer_commit(struct archive_writer *writer, size_t size);

/* The copying form. */
int must_check archive_writer_data(struct archive_writer *writer, const void *data, size_t size);

/* -EINVAL if the member is not complete. */
int must_check archive_writer_member_end(struct archive_writer *writer);

/* What follows starts a new frame: it can be read without what is before it. Between members, or within one.
 */
int must_check archive_writer_flush_frame(struct archive_writer *writer);

/* Writes the seal, the end of the tar, all that is still to be compressed, and the seek table. Does not sync.
 */
int must_check archive_writer_finish(struct archive_writer *writer);

/* Bytes of tar taken, and bytes of archive written so far. */
uint64_t archive_writer_bytes_in(const struct archive_writer *writer);
uint64_t archive_writer_bytes_out(const struct archive_writer *writer);
