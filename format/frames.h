/* SPDX-License-Identifier: MIT */
/*
 * One zstd frame of an archive (RFC 8878): making it, taking it off a stream, and undoing it.
 *
 * A data frame says how much content it has (1 to FRAME_CONTENT_MAX bytes) and ends with a checksum, so every
 * frame can be checked and undone on its own in bounded memory. Skippable frames of up to FRAME_SKIP_MAX
 * bytes may stand between them; the last frame of all is the seek table.
 */
#pragma once

#include "common/cleanup.h"
#include "common/compiler.h"
#include "format/seek_table.h"
#include "format/stream_io.h"

/*
 * How much content the writer puts into a frame. As seen with two threads at level 1, 512 KiB to 2 MiB are
 * equally fast, 256 KiB is a tenth slower; 1 MiB compresses nearly as well as one long frame and keeps the
 * ring of frames small.
 */
#define FRAME_CONTENT_SIZE ((size_t)1 << 20)

/* Limits of the format, for readers. */
#define FRAME_CONTENT_MAX ((size_t)2 << 20)
#define FRAME_SKIP_MAX ((size_t)1 << 20)

#define FRAME_PROBLEM_SIZE 160

/* Memory that is kept from frame to frame; zeroed at first. */
struct frame_buffer {
	uint8_t *data; /* owned, on a page boundary */
	size_t size;
	size_t capacity;
};

/* Makes room for CAPACITY bytes; what was there is lost if it has to move. -ENOMEM. */
int must_check frame_buffer_reserve(struct frame_buffer *buffer, size_t capacity);
void frame_buffer_done(struct frame_buffer *buffer);

enum frame_kind {
	FRAME_DATA,
	FRAME_SEEK_TABLE, /* seen and found to agree with the frames before it */
	FRAME_END,        /* of the stream */
};

struct frame {
	enum frame_kind kind;
	uint64_t offset; /* of its first byte in the stream */
	struct frame_buffer compressed;
	struct frame_buffer content;
	char problem[FRAME_PROBLEM_SIZE]; /* after -EBADMSG: what is wrong, a whole sentence for a person */
};

void frame_done(struct frame *frame);

/* One thread's compressor at LEVEL. */
struct frame_compressor;
int must_check frame_compressor_new(int level, struct frame_compressor **ret_compressor);
void frame_compressor_free(struct frame_compressor *compressor);
DEFINE_FREEP(frame_compressor, frame_compressor_free)

/* Bytes that hold any compressed frame of CONTENT_SIZE bytes. */
size_t frame_compressed_bound(size_t content_size);

/* The levels there are, and the highest number of compressors that fit into memory at LEVEL. */
int frame_level_max(void);
int frame_level_min(void);
unsigned frame_level_thread_limit(int level);

/* Makes FRAME->compressed of FRAME->content. -ENOMEM or -EINVAL (a level that zstd does not know). */
int must_check frame_compress(struct frame_compressor *compressor, struct frame *frame);

struct frame_decompressor;
int must_check frame_decompressor_new(struct frame_decompressor **ret_decompressor);
void frame_decompressor_free(struct frame_decompressor *decompressor);
DEFINE_FREEP(frame_decompressor, frame_decompressor_free)

/*
 * Makes FRAME->content of FRAME->compressed, whose size was set by frame_read(), or by the caller who knows
 * it. -EBADMSG (see FRAME->problem) or -ENOMEM.
 */
int must_check frame_decompress(struct frame_decompressor *decompressor, struct frame *frame);

/* The frames of a stream, one after the other. */
struct frame_stream {
	struct stream_input *input; /* borrowed */
	struct seek_digest digest;  /* of the data frames so far */
	bool has_seek_table;
};

/*
 * Reads the next frame, past skippable ones, into FRAME->compressed. -EBADMSG (see FRAME->problem), or the
 * negative errno of a failed read.
 */
int must_check frame_read(struct frame_stream *stream, struct frame *frame);
