/* SPDX-License-Identifier: MIT */
/*
 * Reads an archive, of which nothing is believed: from start to end, so also from a pipe, with threads that
 * decompress ahead in bounded memory.
 *
 * That the archive is whole is known only when archive_reader_next() returns 0: then its seal and its seek
 * table were there and agree with all that was read. For a file archive_reader_check_complete() tells a
 * cut-off one before anything is read.
 *
 * Functions return a negative errno on failure, logged once by the archive reader. -EBADMSG: this is not a
 * whole, undamaged archive; others: it could not be read (I/O, -ENOMEM). After an error every call returns
 * it. One thread calls these functions, but the counters, which any may read.
 */
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/compiler.h"

struct archive_reader;

struct archive_member {
	const char *name; /* borrowed until the next archive_reader_next() */
	uint64_t size;
};

/* What a look at the end of a file tells. */
struct archive_extent {
	uint64_t size;         /* of the archive */
	uint64_t content_size; /* of the tar in it */
	uint32_t frame_count;
};

/* FD is borrowed and read from where it stands. THREAD_COUNT 0 stands for the number of usable CPUs. */
int must_check archive_reader_new(int fd, unsigned thread_count, struct archive_reader **ret_reader);

/*
 * Before anything is read, of a seekable file: looks whether the seek table and the seal are at its end,
 * where they must be. Does not move the offset. Says nothing about damage elsewhere. RET_EXTENT may be NULL.
 */
int must_check archive_reader_check_complete(struct archive_reader *reader,
					     struct archive_extent *ret_extent);

/* The same as frame_reader_pause() and frame_reader_resume(). */
void archive_reader_pause(struct archive_reader *reader);
int must_check archive_reader_resume(struct archive_reader *reader);

/* Stops the threads, in any state, also when they wait for a silent pipe. */
void archive_reader_free(struct archive_reader *reader);
DEFINE_FREEP(archive_reader, archive_reader_free)

/*
 * Goes on to the next member, past what was not read of the last. 1: *ret_member is filled in; its name is
 * safe (see archive_member_name_check()). 0: the end, and the archive is whole. The seal is not handed out.
 */
int must_check archive_reader_next(struct archive_reader *reader, struct archive_member *ret_member);

/* The next bytes of the member, mostly where they were decompressed to; borrowed until the next call. Size 0
 * at its end. */
int must_check archive_reader_data(struct archive_reader *reader, const void **ret_data, size_t *ret_size);

/* The same as frame_reader_leave() and frame_reader_wait(); DATA is of the last archive_reader_data(). */
bool must_check archive_reader_leave(struct archive_reader *reader, const void *data,
				     void (*work)(void *argument), void *argument);
void archive_reader_wait(struct archive_reader *reader);

/* Unpacks the whole member, nothing of which was read yet, as message_unpack() does; limit in bytes of the
 * member. */
int must_check archive_reader_message(struct archive_reader *reader,
				      const ProtobufCMessageDescriptor *descriptor, size_t limit,
				      ProtobufCMessage **ret_message);

/* Bytes of archive read, and bytes of tar taken from it so far. */
uint64_t archive_reader_bytes_in(const struct archive_reader *reader);
uint64_t archive_reader_bytes_out(const struct archive_reader *reader);
