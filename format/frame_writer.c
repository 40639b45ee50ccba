/* SPDX-License-Identifier: MIT */
/* The ring of frames between one producer and those that compress: the producer at first, and then threads.
 */
#include "format/frame_writer.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "common/log.h"
#include "format/frames.h"
#include "format/seek_table.h"
#include "format/stream_io.h"
#include "common/workers.h"

/* The producer compresses so much by itself: by then threads would have cost more than they have spared. */
#define CONTENT_ALONE_MAX (FRAME_CONTENT_SIZE / 4)

struct slot {
	struct frame frame;
	bool is_compressed;
};

/*
 * A frame is known by its sequence number; it lives in slot (number % slot_count). At any time
 * written <= taken <= submitted <= written + slot_count. Frame number SUBMITTED is the producer's while
 * is_filling.
 */
struct frame_writer {
	struct stream_output output;
	int stop_fd;
	const char *name;
	int level;
	struct slot *slots;
	unsigned slot_count;
	unsigned thread_count;
	bool has_threads;
	struct workers workers;
	struct frame_compressor *compressor; /* the producer's, as long as there are no threads */

	pthread_mutex_t lock; /* guards what follows, up to the blank line */
	pthread_cond_t work;  /* a frame was submitted, or is_stopping */
	pthread_cond_t room;  /* a frame was written, or an error */
	uint64_t submitted;
	uint64_t taken;
	uint64_t written;
	bool is_writing; /* a thread is writing frame number WRITTEN */
	bool is_stopping;
	int error;
	struct seek_table table;

	bool is_filling;
	bool is_error_logged;
	_Atomic uint64_t bytes_in;
	_Atomic uint64_t bytes_out;
};

static struct slot *writer_slot(struct frame_writer *writer, uint64_t number)
{
	return &writer->slots[number % writer->slot_count];
}

static void writer_fail(struct frame_writer *writer, int error)
{
	if (writer->error == 0)
		writer->error = error;
	pthread_cond_broadcast(&writer->room);
}

/* Writes all frames that are next in order and ready, unless another thread is at it. Called locked. */
static void write_ready_frames(struct frame_writer *writer)
{
	if (writer->is_writing)
		return;
	writer->is_writing = true;
	while (writer->written < writer->taken && writer->error == 0) {
		struct slot *slot = writer_slot(writer, writer->written);
		const struct frame *frame = &slot->frame;
		int r;

		if (!slot->is_compressed)
			break;
		pthread_mutex_unlock(&writer->lock);
		r = stream_write(&writer->output, frame->compressed.data, frame->compressed.size);
		pthread_mutex_lock(&writer->lock);
		if (r == 0)
			r = seek_table_append(&writer->table,
					      (struct seek_entry){(uint32_t)frame->compressed.size,
								  (uint32_t)frame->content.size});
		if (r < 0) {
			writer_fail(writer, r);
			break;
		}
		atomic_fetch_add_explicit(&writer->bytes_out, frame->compressed.size, memory_order_relaxed);
		slot->is_compressed = false;
		writer->written++;
		pthread_cond_signal(&writer->room);
	}
	writer->is_writing = false;
}

/* Takes the next frame. Called locked, returns locked. */
static void compress_next(struct frame_writer *writer, struct frame_compressor *compressor)
{
	struct slot *slot = writer_slot(writer, writer->taken++);
	int r;

	pthread_mutex_unlock(&writer->lock);
	r = frame_compress(compressor, &slot->frame);
	pthread_mutex_lock(&writer->lock);
	if (r < 0)
		writer_fail(writer, r);
	else
		slot->is_compressed = true;
	write_ready_frames(writer);
}

static void *worker_main(void *argument)
{
	cleanup_(frame_compressor_freep) struct frame_compressor *compressor = NULL;
	struct frame_writer *writer = argument;
	int r = frame_compressor_new(writer->level, &compressor);

	pthread_mutex_lock(&writer->lock);
	if (r < 0)
		writer_fail(writer, r);
	for (;;) {
		while (!writer->is_stopping && (writer->taken == writer->submitted || writer->error < 0))
			pthread_cond_wait(&writer->work, &writer->lock);
		if (writer->is_stopping)
			break;
		compress_next(writer, compressor);
	}
	pthread_mutex_unlock(&writer->lock);
	return NULL;
}

static int slots_new(struct frame_writer *writer, unsigned count)
{
	writer->slots = calloc(count, sizeof(*writer->slots));
	if (!writer->slots)
		return -ENOMEM;
	writer->slot_count = count;
	for (unsigned i = 0; i < count; i++) {
		struct frame *frame = &writer->slots[i].frame;
		int r = frame_buffer_reserve(&frame->content, FRAME_CONTENT_SIZE);

		if (r == 0)
			r = frame_buffer_reserve(&frame->compressed,
						 frame_compressed_bound(FRAME_CONTENT_SIZE));
		if (r < 0)
			return r;
	}
	return 0;
}

int frame_writer_new(int fd, const char *name, int level, unsigned thread_count,
		     struct frame_writer **ret_writer)
{
	cleanup_(frame_writer_freep) struct frame_writer *writer = calloc(1, sizeof(*writer));
	int r;

	if (!writer)
		return log_error_errno(-ENOMEM, "cannot set up the compression of '%s'", name);
	pthread_mutex_init(&writer->lock, NULL);
	pthread_cond_init(&writer->work, NULL);
	pthread_cond_init(&writer->room, NULL);
	writer->name = name;
	writer->level = MAX(MIN(level, frame_level_max()), frame_level_min());
	writer->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (writer->stop_fd < 0)
		return log_error_errno(-errno, "cannot set up the compression of '%s'", name);
	stream_output_init(&writer->output, fd, writer->stop_fd);
	if (thread_count == 0)
		thread_count = workers_default_count();
	thread_count = MIN(thread_count, frame_level_thread_limit(writer->level));
	writer->thread_count = thread_count;
	r = slots_new(writer, thread_count + 2);
	if (r == 0)
		r = frame_compressor_new(writer->level, &writer->compressor);
	if (r < 0)
		return log_error_errno(r, "cannot set up the compression of '%s'", name);
	*ret_writer = take_ptr(writer);
	return 0;
}

void frame_writer_free(struct frame_writer *writer)
{
	if (!writer)
		return;
	pthread_mutex_lock(&writer->lock);
	writer->is_stopping = true;
	pthread_cond_broadcast(&writer->work);
	pthread_mutex_unlock(&writer->lock);
	if (writer->stop_fd >= 0)
		eventfd_write(writer->stop_fd, 1);
	workers_join(&writer->workers);
	for (unsigned i = 0; i < writer->slot_count; i++)
		frame_done(&writer->slots[i].frame);
	free(writer->slots);
	frame_compressor_free(writer->compressor);
	seek_table_done(&writer->table);
	close_fd(&writer->stop_fd);
	pthread_cond_destroy(&writer->room);
	pthread_cond_destroy(&writer->work);
	pthread_mutex_destroy(&writer->lock);
	free(writer);
}

/* Says what went wrong, in the caller's thread, whose log scopes say more than a worker's. */
static int report(struct frame_writer *writer, int error)
{
	if (error < 0 && !writer->is_error_logged) {
		writer->is_error_logged = true;
		log_error_errno(error, "cannot write '%s'", writer->name);
	}
	return error;
}

/* Waits until the ring has no more than LIMIT frames in it. */
static int wait_for_frames(struct frame_writer *writer, unsigned limit)
{
	int error;

	pthread_mutex_lock(&writer->lock);
	while (writer->error == 0 && writer->submitted - writer->written > limit)
		pthread_cond_wait(&writer->room, &writer->lock);
	error = writer->error;
	pthread_mutex_unlock(&writer->lock);
	return report(writer, error);
}

/* The frame being filled; needs is_filling. Only the producer changes SUBMITTED, so it may read it unlocked.
 */
static struct frame_buffer *current_content(struct frame_writer *writer)
{
	return &writer_slot(writer, writer->submitted)->frame.content;
}

/* A pipe may be full, and the producer, for which tasks are stopped, must not wait for it as long as the ring
 * has room.
 */
static bool is_worth_threads(const struct frame_writer *writer)
{
	return writer->output.may_block || frame_writer_bytes_in(writer) > CONTENT_ALONE_MAX;
}

static int start_threads(struct frame_writer *writer)
{
	frame_compressor_free(take_ptr(writer->compressor));
	writer->has_threads = true;
	return workers_start(&writer->workers, writer->thread_count, worker_main, writer);
}

static void submit(struct frame_writer *writer)
{
	int r = !writer->has_threads && is_worth_threads(writer) ? start_threads(writer) : 0;

	pthread_mutex_lock(&writer->lock);
	if (r < 0)
		writer_fail(writer, r);
	writer->submitted++;
	writer->is_filling = false;
	if (writer->has_threads)
		pthread_cond_signal(&writer->work);
	else if (writer->error == 0)
		compress_next(writer, writer->compressor);
	pthread_mutex_unlock(&writer->lock);
}

static void advance(struct frame_writer *writer, size_t size)
{
	struct frame_buffer *content = current_content(writer);

	content->size += size;
	atomic_fetch_add_explicit(&writer->bytes_in, size, memory_order_relaxed);
	if (content->size == FRAME_CONTENT_SIZE)
		submit(writer);
}

int frame_writer_reserve(struct frame_writer *writer, size_t wanted, void **ret_buffer, size_t *ret_size)
{
	struct frame_buffer *content;
	int r;

	if (!writer->is_filling) {
		r = wait_for_frames(writer, writer->slot_count - 1);
		if (r < 0)
			return r;
		writer->is_filling = true;
		current_content(writer)->size = 0;
	}
	content = current_content(writer);
	*ret_buffer = content->data + content->size;
	*ret_size = MIN(wanted, FRAME_CONTENT_SIZE - content->size);
	return 0;
}

int frame_writer_write(struct frame_writer *writer, const void *data, size_t size)
{
	const uint8_t *from = data;

	while (size > 0) {
		size_t count;
		void *to;
		int r = frame_writer_reserve(writer, size, &to, &count);

		if (r < 0)
			return r;
		if (from != to)
			memcpy(to, from, count);
		advance(writer, count);
		from += count;
		size -= count;
	}
	return 0;
}

int frame_writer_flush(struct frame_writer *writer)
{
	if (writer->is_filling && current_content(writer)->size > 0)
		submit(writer);
	return 0;
}

int frame_writer_finish(struct frame_writer *writer)
{
	cleanup_free uint8_t *table = NULL;
	size_t size;
	int r;

	r = frame_writer_flush(writer);
	if (r == 0)
		r = wait_for_frames(writer, 0);
	if (r < 0)
		return r;
	/* No frame is left, so no thread writes, or changes the table. */
	r = seek_table_pack(&writer->table, &table, &size);
	if (r == 0)
		r = stream_write(&writer->output, table, size);
	if (r < 0)
		return report(writer, r);
	atomic_fetch_add_explicit(&writer->bytes_out, size, memory_order_relaxed);
	return 0;
}

uint64_t frame_writer_bytes_in(const struct frame_writer *writer)
{
	return atomic_load_explicit(&writer->bytes_in, memory_order_relaxed);
}

uint64_t frame_writer_bytes_out(const struct frame_writer *writer)
{
	return atomic_load_explicit(&writer->bytes_out, memory_order_relaxed);
}
