/* SPDX-License-Identifier: MIT */
/* The ring of frames between those that decompress, the consumer at first and then threads, and the consumer.
 */
#include "format/frame_reader.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>

#include "common/log.h"
#include "format/frames.h"
#include "format/stream_io.h"
#include "common/workers.h"

/* So much content the consumer undoes by itself: by then threads would have cost more than they have spared.
 */
#define CONTENT_ALONE_MAX FRAME_CONTENT_SIZE

struct slot {
	struct frame frame;
	int error;
	bool is_ready;  /* for the consumer: content, the end, or an error */
	unsigned users; /* whoever fills it, then the consumer; and work that is not done; 0: it is free */
	void (*work)(void *argument); /* that nobody has begun */
	void *argument;
};

/*
 * A frame is known by its sequence number; it lives in slot (number % slot_count), from when a thread claims
 * the number, which takes a free slot, until its last user gives it back. A thread that claims a number holds
 * is_reading until the compressed frame is off the stream, so numbers are in the order of the stream.
 */
struct frame_reader {
	struct frame_stream stream; /* whoever holds is_reading uses it */
	struct stream_input *input; /* owned; the same */
	int stop_fd;
	struct slot *slots;
	unsigned slot_count;
	unsigned thread_count;
	bool has_threads; /* when they do not pause */
	struct workers workers;
	struct frame_decompressor *decompressor; /* the consumer's, as long as there are no threads */

	pthread_mutex_t lock; /* guards what follows, up to the blank line, and all of a slot but its frame */
	pthread_cond_t work;  /* there is work, or the stream is free and so is a slot, or is_stopping */
	pthread_cond_t ready; /* a slot became ready, or work was done */
	uint64_t claimed;
	uint64_t consumed;
	unsigned work_count; /* not done */
	bool is_reading;
	bool is_ended; /* the end or an error was met on the stream */
	bool is_stopping;

	bool is_borrowed; /* the consumer holds frame number CONSUMED */
	bool is_done;     /* the consumer has met the end (error 0) or an error */
	int error;
	_Atomic uint64_t bytes_in;
	_Atomic uint64_t bytes_out;
};

static struct slot *reader_slot(struct frame_reader *reader, uint64_t number)
{
	return &reader->slots[number % reader->slot_count];
}

/* Takes the next frame off the stream and undoes it. Called locked, returns locked. */
static void fill_slot(struct frame_reader *reader, struct frame_decompressor *decompressor, struct slot *slot)
{
	reader->is_reading = true;
	pthread_mutex_unlock(&reader->lock);
	do
		slot->error = frame_read(&reader->stream, &slot->frame);
	while (slot->error == 0 && slot->frame.kind == FRAME_SEEK_TABLE);
	pthread_mutex_lock(&reader->lock);
	reader->is_reading = false;
	if (slot->error < 0 || slot->frame.kind == FRAME_END)
		reader->is_ended = true;
	pthread_cond_signal(&reader->work);
	if (slot->error == 0 && slot->frame.kind == FRAME_DATA) {
		pthread_mutex_unlock(&reader->lock);
		slot->error = decompressor ? frame_decompress(decompressor, &slot->frame) : -ENOMEM;
		pthread_mutex_lock(&reader->lock);
		if (slot->error < 0)
			reader->is_ended = true;
	}
	slot->is_ready = true;
	pthread_cond_signal(&reader->ready);
}

/* Called locked. */
static void give_back(struct frame_reader *reader, struct slot *slot)
{
	if (--slot->users == 0)
		pthread_cond_signal(&reader->work);
}

/* A slot with work that nobody has begun, or NULL; that which is to be free first. Called locked. */
static struct slot *find_work(struct frame_reader *reader)
{
	for (unsigned i = 0; reader->work_count > 0 && i < reader->slot_count; i++) {
		struct slot *slot = reader_slot(reader, reader->claimed + i);

		if (slot->work)
			return slot;
	}
	return NULL;
}

/* Called locked, returns locked. */
static void do_work(struct frame_reader *reader, struct slot *slot)
{
	void (*work)(void *argument) = slot->work;

	slot->work = NULL;
	pthread_mutex_unlock(&reader->lock);
	work(slot->argument);
	pthread_mutex_lock(&reader->lock);
	reader->work_count--;
	give_back(reader, slot);
	pthread_cond_signal(&reader->ready);
}

static bool can_claim(struct frame_reader *reader)
{
	return !reader->is_reading && !reader->is_ended && reader_slot(reader, reader->claimed)->users == 0;
}

/* Work comes first, for it makes room. Called locked, returns locked; false: there was nothing to do. */
static bool do_next(struct frame_reader *reader, struct frame_decompressor *decompressor)
{
	struct slot *slot = find_work(reader);

	if (slot) {
		do_work(reader, slot);
		return true;
	}
	if (!can_claim(reader))
		return false;
	slot = reader_slot(reader, reader->claimed++);
	slot->users = 1;
	fill_slot(reader, decompressor, slot);
	return true;
}

static void *worker_main(void *argument)
{
	cleanup_(frame_decompressor_freep) struct frame_decompressor *decompressor = NULL;
	struct frame_reader *reader = argument;

	if (frame_decompressor_new(&decompressor) < 0)
		decompressor = NULL; /* every frame this thread takes fails for want of memory */
	pthread_mutex_lock(&reader->lock);
	while (!reader->is_stopping)
		if (!do_next(reader, decompressor))
			pthread_cond_wait(&reader->work, &reader->lock);
	pthread_mutex_unlock(&reader->lock);
	return NULL;
}

int frame_reader_new(int fd, unsigned thread_count, struct frame_reader **ret_reader)
{
	cleanup_(frame_reader_freep) struct frame_reader *reader = calloc(1, sizeof(*reader));
	int r;

	if (!reader)
		return log_error_errno(-ENOMEM, "cannot set up the decompression");
	pthread_mutex_init(&reader->lock, NULL);
	pthread_cond_init(&reader->work, NULL);
	pthread_cond_init(&reader->ready, NULL);
	reader->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (reader->stop_fd < 0)
		return log_error_errno(-errno, "cannot set up the decompression");
	reader->input = malloc(sizeof(*reader->input));
	if (!reader->input)
		return log_error_errno(-ENOMEM, "cannot set up the decompression");
	stream_input_init(reader->input, fd, reader->stop_fd);
	reader->stream.input = reader->input;
	if (thread_count == 0)
		thread_count = workers_default_count();
	thread_count = MIN(thread_count, frame_level_thread_limit(0));
	reader->slot_count = thread_count + 2;
	reader->slots = calloc(reader->slot_count, sizeof(*reader->slots));
	if (!reader->slots)
		return log_error_errno(-ENOMEM, "cannot set up the decompression");
	reader->thread_count = thread_count;
	workers_keep_cpus(&reader->workers);
	r = frame_decompressor_new(&reader->decompressor);
	if (r < 0)
		return log_error_errno(r, "cannot set up the decompression");
	*ret_reader = take_ptr(reader);
	return 0;
}

struct frame_decompressor *frame_reader_decompressor(const struct frame_reader *reader)
{
	return reader->decompressor;
}

static int start_threads(struct frame_reader *reader)
{
	int r;

	frame_decompressor_free(take_ptr(reader->decompressor));
	reader->has_threads = true;
	r = workers_start(&reader->workers, reader->thread_count, worker_main, reader);
	return r < 0 ? log_error_errno(r, "cannot set up the decompression") : 0;
}

static void tell_to_stop(struct frame_reader *reader)
{
	pthread_mutex_lock(&reader->lock);
	reader->is_stopping = true;
	pthread_cond_broadcast(&reader->work);
	pthread_mutex_unlock(&reader->lock);
}

void frame_reader_pause(struct frame_reader *reader)
{
	tell_to_stop(reader);
	workers_join(&reader->workers);
}

int frame_reader_resume(struct frame_reader *reader)
{
	/* Until now a child has that of its parent. */
	close_fd(&reader->stop_fd);
	reader->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (reader->stop_fd < 0)
		return log_error_errno(-errno, "cannot set up the decompression");
	reader->input->stop_fd = reader->stop_fd;
	reader->is_stopping = false;
	return reader->has_threads ? start_threads(reader) : 0;
}

void frame_reader_free(struct frame_reader *reader)
{
	if (!reader)
		return;
	tell_to_stop(reader);
	if (reader->stop_fd >= 0)
		eventfd_write(reader->stop_fd, 1);
	workers_join(&reader->workers);
	for (unsigned i = 0; reader->slots && i < reader->slot_count; i++)
		frame_done(&reader->slots[i].frame);
	free(reader->slots);
	free(reader->input);
	frame_decompressor_free(reader->decompressor);
	close_fd(&reader->stop_fd);
	pthread_cond_destroy(&reader->ready);
	pthread_cond_destroy(&reader->work);
	pthread_mutex_destroy(&reader->lock);
	free(reader);
}

/* Gives the borrowed frame back and waits for the next one, which it then borrows. */
static struct slot *next_slot(struct frame_reader *reader)
{
	struct slot *slot;

	pthread_mutex_lock(&reader->lock);
	if (reader->is_borrowed) {
		slot = reader_slot(reader, reader->consumed++);
		slot->is_ready = false;
		give_back(reader, slot);
	}
	reader->is_borrowed = true;
	slot = reader_slot(reader, reader->consumed);
	if (!reader->has_threads)
		(void)do_next(reader, reader->decompressor);
	while (!slot->is_ready)
		pthread_cond_wait(&reader->ready, &reader->lock);
	pthread_mutex_unlock(&reader->lock);
	return slot;
}

int frame_reader_next(struct frame_reader *reader, const void **ret_data, size_t *ret_size)
{
	struct slot *slot;

	if (!reader->has_threads && !reader->is_done && frame_reader_bytes_out(reader) >= CONTENT_ALONE_MAX) {
		reader->error = start_threads(reader);
		reader->is_done = reader->error < 0;
	}
	if (!reader->is_done) {
		slot = next_slot(reader);
		reader->error = slot->error;
		reader->is_done = slot->error < 0 || slot->frame.kind == FRAME_END;
		if (slot->error == -EBADMSG)
			log_error("%s", slot->frame.problem);
		else if (slot->error < 0)
			log_error_errno(slot->error, "cannot read the archive");
	}
	if (reader->error < 0)
		return reader->error;
	if (reader->is_done) {
		*ret_data = NULL;
		*ret_size = 0;
		return 0;
	}
	slot = reader_slot(reader, reader->consumed);
	atomic_store_explicit(&reader->bytes_in, slot->frame.offset + slot->frame.compressed.size,
			      memory_order_relaxed);
	atomic_fetch_add_explicit(&reader->bytes_out, slot->frame.content.size, memory_order_relaxed);
	*ret_data = slot->frame.content.data;
	*ret_size = slot->frame.content.size;
	return 0;
}

bool frame_reader_leave(struct frame_reader *reader, const void *data, void (*work)(void *argument),
			void *argument)
{
	struct slot *slot = reader_slot(reader, reader->consumed);
	uintptr_t start = (uintptr_t)slot->frame.content.data;
	bool is_left;

	if (!reader->has_threads || !reader->is_borrowed || reader->is_done || (uintptr_t)data < start ||
	    (uintptr_t)data - start >= slot->frame.content.size)
		return false;
	pthread_mutex_lock(&reader->lock);
	is_left = slot->users == 1;
	if (is_left) {
		slot->users++;
		slot->work = work;
		slot->argument = argument;
		reader->work_count++;
		pthread_cond_signal(&reader->work);
	}
	pthread_mutex_unlock(&reader->lock);
	return is_left;
}

void frame_reader_wait(struct frame_reader *reader)
{
	pthread_mutex_lock(&reader->lock);
	while (reader->work_count > 0) {
		struct slot *slot = find_work(reader);

		if (slot)
			do_work(reader, slot);
		else
			pthread_cond_wait(&reader->ready, &reader->lock);
	}
	pthread_mutex_unlock(&reader->lock);
}

/* Once the consumer has met the end, no thread touches the stream any more. */
bool frame_reader_has_seek_table(const struct frame_reader *reader)
{
	return reader->is_done && reader->error == 0 && reader->stream.has_seek_table;
}

uint64_t frame_reader_end_offset(const struct frame_reader *reader)
{
	return reader->is_done && reader->error == 0 ? reader->input->offset : 0;
}

uint64_t frame_reader_bytes_out(const struct frame_reader *reader)
{
	return atomic_load_explicit(&reader->bytes_out, memory_order_relaxed);
}

uint64_t frame_reader_bytes_in(const struct frame_reader *reader)
{
	return atomic_load_explicit(&reader->bytes_in, memory_order_relaxed);
}
