/* SPDX-License-Identifier: MIT */
/* Work on frames that is left to the threads that decompress them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "format/frame_reader.h"
#include "format/frame_writer.h"
#include "format/frames.h"

#define THREADS 2U
#define SLOTS (THREADS + 2)
#define FRAMES 40U
#define FRAME_WORDS (FRAME_CONTENT_SIZE / sizeof(uint64_t))
#define PATIENCE_SECONDS 30

/* Frames whose words are numbered from the first to the last. */
static int make_frames(unsigned count)
{
	cleanup_(frame_writer_freep) struct frame_writer *writer = NULL;
	cleanup_free uint64_t *words = malloc(FRAME_CONTENT_SIZE);
	int fd = memfd_create("frames", MFD_CLOEXEC);

	assert_non_null(words);
	assert_int_equal(frame_writer_new(fd, "the frames", 1, THREADS, &writer), 0);
	for (unsigned i = 0; i < count; i++) {
		for (size_t k = 0; k < FRAME_WORDS; k++)
			words[k] = i * FRAME_WORDS + k;
		assert_int_equal(frame_writer_write(writer, words, FRAME_CONTENT_SIZE), 0);
	}
	assert_int_equal(frame_writer_finish(writer), 0);
	lseek(fd, 0, SEEK_SET);
	return fd;
}

struct progress {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned handed_out, done;
	bool is_intact, is_in_time;
};

struct job {
	struct progress *progress;
	const uint64_t *words;
	unsigned frame;
	unsigned until; /* so many frames have been handed out */
};

static bool is_frame(const uint64_t *words, unsigned frame)
{
	for (size_t k = 0; k < FRAME_WORDS; k++)
		if (words[k] != frame * FRAME_WORDS + k)
			return false;
	return true;
}

/* cmocka's assertions are of the main thread only. */
static void do_job(void *argument)
{
	const struct job *job = argument;
	struct progress *progress = job->progress;
	struct timespec end;
	int r = 0;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += PATIENCE_SECONDS;
	pthread_mutex_lock(&progress->lock);
	while (progress->handed_out < job->until && r == 0)
		r = pthread_cond_timedwait(&progress->changed, &progress->lock, &end);
	progress->is_in_time = progress->is_in_time && r == 0;
	pthread_mutex_unlock(&progress->lock);
	r = is_frame(job->words, job->frame);
	pthread_mutex_lock(&progress->lock);
	progress->is_intact = progress->is_intact && r;
	progress->done++;
	pthread_mutex_unlock(&progress->lock);
}

static void begin(struct progress *progress)
{
	*progress = (struct progress){.is_intact = true, .is_in_time = true};
	pthread_mutex_init(&progress->lock, NULL);
	pthread_cond_init(&progress->changed, NULL);
}

static const uint64_t *next_frame(struct frame_reader *reader, struct progress *progress)
{
	const void *data;
	size_t size;

	assert_int_equal(frame_reader_next(reader, &data, &size), 0);
	if (size == 0)
		return NULL;
	assert_int_equal(size, FRAME_CONTENT_SIZE);
	pthread_mutex_lock(&progress->lock);
	progress->handed_out++;
	pthread_cond_broadcast(&progress->changed);
	pthread_mutex_unlock(&progress->lock);
	return data;
}

/* The first of every few jobs is done only when all other slots have been handed out: that nobody waits for
 * it, and that its frame stays. */
static void frames_stay_until_work_is_done(void **state maybe_unused)
{
	cleanup_close int fd = make_frames(FRAMES);
	cleanup_(frame_reader_freep) struct frame_reader *reader = NULL;
	struct progress progress;
	struct job jobs[FRAMES];
	const uint64_t *words;
	unsigned frame = 0;

	begin(&progress);
	assert_int_equal(frame_reader_new(fd, THREADS, &reader), 0);
	while ((words = next_frame(reader, &progress))) {
		unsigned until = frame % (2 * SLOTS) == 1 ? MIN(frame + SLOTS, FRAMES) : 0;

		assert_true(frame < FRAMES);
		assert_true(is_frame(words, frame));
		jobs[frame] = (struct job){&progress, words, frame, until};
		/* From anywhere in the frame. Of the first there are no threads yet. */
		if (frame == 0)
			do_job(&jobs[frame]);
		else
			assert_true(frame_reader_leave(reader, words + frame, do_job, &jobs[frame]));
		frame++;
	}
	frame_reader_wait(reader);
	assert_int_equal(frame, FRAMES);
	assert_int_equal(progress.done, FRAMES);
	assert_true(progress.is_intact);
	assert_true(progress.is_in_time);
}

static void only_a_piece_of_the_frame_is_taken(void **state maybe_unused)
{
	cleanup_close int fd = make_frames(3);
	cleanup_(frame_reader_freep) struct frame_reader *reader = NULL;
	struct progress progress;
	const uint64_t *words;
	struct job job;

	begin(&progress);
	assert_int_equal(frame_reader_new(fd, THREADS, &reader), 0);
	assert_false(frame_reader_leave(reader, &job, do_job, &job));
	words = next_frame(reader, &progress);
	assert_false(frame_reader_leave(reader, words, do_job, &job));
	words = next_frame(reader, &progress);
	assert_false(frame_reader_leave(reader, &job, do_job, &job));
	assert_false(frame_reader_leave(reader, words - 1, do_job, &job));
	assert_false(frame_reader_leave(reader, words + FRAME_WORDS, do_job, &job));
	job = (struct job){&progress, words, 1, 3};
	assert_true(frame_reader_leave(reader, words, do_job, &job));
	assert_false(frame_reader_leave(reader, words, do_job, &job));
	assert_non_null(next_frame(reader, &progress));
	frame_reader_wait(reader);
	assert_int_equal(progress.done, 1);
	assert_null(next_frame(reader, &progress));
	assert_false(frame_reader_leave(reader, words, do_job, &job));
	frame_reader_wait(reader);
	assert_int_equal(progress.done, 1);
	assert_true(progress.is_intact && progress.is_in_time);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_stay_until_work_is_done),
		cmocka_unit_test(only_a_piece_of_the_frame_is_taken),
	};

	return cmocka_run_group_tests_name("frame reader", tests, NULL, NULL);
}
