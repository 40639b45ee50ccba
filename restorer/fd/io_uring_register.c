/* SPDX-License-Identifier: MIT */
/*
 * Registers again what was registered with io_urings. The files come from here, for the process that has the
 * ring need not have them.
 */
#include <errno.h>
#include <inttypes.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "restorer/fd/io_uring.h"

/* Files that are carried over at once. */
#define FILES_AT_ONCE 64U
/* More than a buffer takes in a batch. */
#define BUFFER_DATA_SIZE 256

static const char doing[] = "registering with an io_uring";

/* A thread that has the ring for now, and us to get files from. */
struct registering {
	struct restore *restore;
	const Cr__IoUring *image;
	struct puppet *puppet;
	int controller, ring; /* its numbers */
};

/* Makes descriptors of ours the puppet's. */
static int import(const struct registering *registering, const int *fds, size_t count, int32_t *ret_numbers)
{
	struct batch *batch = puppet_batch(registering->puppet);
	int r;

	for (size_t i = 0; i < count; i++)
		batch_call(batch, SYS_pidfd_getfd, (uint64_t)registering->controller, (uint64_t)fds[i], 0);
	r = puppet_run(registering->puppet, doing);
	for (size_t i = 0; r == 0 && i < count; i++)
		ret_numbers[i] = (int32_t)batch_result(batch, (unsigned)i);
	return r;
}

static int begin(struct registering *registering, pid_t tid, int our_fd)
{
	struct batch *batch;
	int r;

	registering->puppet = ring_thread(registering->restore, tid);
	if (!registering->puppet)
		return log_error_errno(-ESRCH, "thread %d, which has an io_uring, is not there", (int)tid);
	batch = puppet_batch(registering->puppet);
	batch_call(batch, SYS_pidfd_open, (uint64_t)getpid(), 0);
	r = puppet_run(registering->puppet, doing);
	if (r < 0)
		return r;
	registering->controller = (int)batch_result(batch, 0);
	return import(registering, &our_fd, 1, &registering->ring);
}

static int end(const struct registering *registering)
{
	struct batch *batch = puppet_batch(registering->puppet);

	batch_call(batch, SYS_close, (uint64_t)registering->ring);
	batch_call(batch, SYS_close, (uint64_t)registering->controller);
	return puppet_run(registering->puppet, doing);
}

static void add_register(const struct registering *registering, unsigned operation, uint64_t argument,
			 uint64_t count)
{
	batch_call(registering->puppet->batch, SYS_io_uring_register, (uint64_t)registering->ring, operation,
		   argument, count);
}

static int register_settings(const struct registering *registering)
{
	const Cr__IoUring *image = registering->image;
	const struct uapi_io_uring_clock clock = {.clock_id = (uint32_t)image->clock_id};
	struct batch *batch = puppet_batch(registering->puppet);

	if (image->clock_id != CLOCK_MONOTONIC)
		add_register(registering, UAPI_IORING_REGISTER_CLOCK,
			     batch_data(batch, &clock, sizeof(clock)), 0);
	if (image->has_worker_limits)
		add_register(registering, IORING_REGISTER_IOWQ_MAX_WORKERS,
			     batch_data(batch, image->worker_limits,
					image->n_worker_limits * sizeof(*image->worker_limits)),
			     image->n_worker_limits);
	return puppet_run(registering->puppet, doing);
}

static int register_eventfd(const struct registering *registering)
{
	const Cr__IoUring *image = registering->image;
	cleanup_close int fd = -EBADF;
	struct batch *batch;
	int32_t number;
	int r;

	if (image->eventfd_id == 0)
		return 0;
	r = object_take(registering->restore, object_find(registering->restore, image->eventfd_id), &fd);
	if (r == 0)
		r = import(registering, &fd, 1, &number);
	if (r < 0)
		return r;
	batch = puppet_batch(registering->puppet);
	add_register(registering,
		     image->is_eventfd_async ? IORING_REGISTER_EVENTFD_ASYNC : IORING_REGISTER_EVENTFD,
		     batch_data(batch, &number, sizeof(number)), 1);
	batch_call(batch, SYS_close, (uint64_t)number);
	return puppet_run(registering->puppet, doing);
}

static void close_all(int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		close_fd(&fds[i]);
}

/* Those from START on whose indexes follow each other: *RET_COUNT of them, ours. */
static int take_files(const struct registering *registering, size_t start, int fds[FILES_AT_ONCE],
		      size_t *ret_count)
{
	const Cr__IoUring *image = registering->image;
	size_t count = 0;
	int r = 0;

	while (r == 0 && count < FILES_AT_ONCE && start + count < image->n_files) {
		const Cr__IoUringFile *file = image->files[start + count];

		if (file->index != image->files[start]->index + count)
			break;
		r = object_take(registering->restore, object_find(registering->restore, file->open_file_id),
				&fds[count]);
		if (r == 0)
			count++;
	}
	if (r < 0)
		close_all(fds, count);
	else
		*ret_count = count;
	return r;
}

static int register_files_from(const struct registering *registering, size_t start, size_t *ret_count)
{
	const Cr__IoUring *image = registering->image;
	uint64_t tags[FILES_AT_ONCE];
	int32_t numbers[FILES_AT_ONCE];
	int fds[FILES_AT_ONCE];
	struct io_uring_rsrc_update2 update = {.offset = image->files[start]->index};
	struct batch *batch;
	size_t count = 0;
	int r = take_files(registering, start, fds, &count);

	*ret_count = count;
	if (r < 0)
		return r;
	r = import(registering, fds, count, numbers);
	close_all(fds, count);
	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++)
		tags[i] = image->files[start + i]->tag;
	batch = puppet_batch(registering->puppet);
	update.nr = (uint32_t)count;
	update.data = batch_data(batch, numbers, count * sizeof(numbers[0]));
	update.tags = batch_data(batch, tags, count * sizeof(tags[0]));
	add_register(registering, IORING_REGISTER_FILES_UPDATE2, batch_data(batch, &update, sizeof(update)),
		     sizeof(update));
	for (size_t i = 0; i < count; i++)
		batch_call(batch, SYS_close, (uint64_t)numbers[i]);
	return puppet_run(registering->puppet, doing);
}

/* A table with nothing in it. */
static void add_table(const struct registering *registering, unsigned operation, uint32_t count)
{
	const struct io_uring_rsrc_register table = {.nr = count, .flags = IORING_RSRC_REGISTER_SPARSE};

	add_register(registering, operation, batch_data(registering->puppet->batch, &table, sizeof(table)),
		     sizeof(table));
}

static int register_files(const struct registering *registering)
{
	const Cr__IoUring *image = registering->image;
	const struct uapi_io_uring_file_range range = {
		.start = image->file_range_start, .count = image->file_range_end - image->file_range_start};
	struct batch *batch = puppet_batch(registering->puppet);
	int r;

	if (image->files_count == 0)
		return 0;
	add_table(registering, IORING_REGISTER_FILES2, image->files_count);
	if (range.count != image->files_count)
		add_register(registering, UAPI_IORING_REGISTER_FILE_ALLOC_RANGE,
			     batch_data(batch, &range, sizeof(range)), 0);
	r = puppet_run(registering->puppet, doing);
	for (size_t i = 0, count = 0; r == 0 && i < image->n_files; i += count)
		r = register_files_from(registering, i, &count);
	return r;
}

static void add_buffer(const struct registering *registering, const Cr__IoUringBuffer *buffer)
{
	struct batch *batch = registering->puppet->batch;
	const struct iovec vector = {(void *)(uintptr_t)buffer->address, buffer->size};
	const struct io_uring_rsrc_update2 update = {
		.offset = buffer->index,
		.nr = 1,
		.data = batch_data(batch, &vector, sizeof(vector)),
		.tags = batch_data(batch, &buffer->tag, sizeof(buffer->tag)),
	};

	add_register(registering, IORING_REGISTER_BUFFERS_UPDATE, batch_data(batch, &update, sizeof(update)),
		     sizeof(update));
}

static int register_buffers(const struct registering *registering)
{
	const Cr__IoUring *image = registering->image;
	struct batch *batch = puppet_batch(registering->puppet);
	int r = 0;

	if (image->buffers_count == 0)
		return 0;
	add_table(registering, IORING_REGISTER_BUFFERS2, image->buffers_count);
	for (size_t i = 0; r == 0 && i < image->n_buffers; i++) {
		if (batch_is_nearly_full(batch, 1, BUFFER_DATA_SIZE)) {
			r = puppet_run(registering->puppet, doing);
			batch = puppet_batch(registering->puppet);
		}
		add_buffer(registering, image->buffers[i]);
	}
	return r < 0 ? r : puppet_run(registering->puppet, doing);
}

/* By the thread that calls it by that number. */
static int register_ring(struct registering *registering, const Cr__IoUringRegistered *registered, int our_fd)
{
	struct uapi_io_uring_ring_fd request = {.offset = registered->index};
	int r = begin(registering, registered->tid, our_fd);

	if (r < 0)
		return r;
	request.fd = (uint64_t)registering->ring;
	add_register(registering, UAPI_IORING_REGISTER_RING_FDS,
		     batch_data(puppet_batch(registering->puppet), &request, sizeof(request)), 1);
	r = puppet_run(registering->puppet, doing);
	return r < 0 ? r : end(registering);
}

static bool has_any(const Cr__IoUring *image)
{
	return image->clock_id != CLOCK_MONOTONIC || image->has_worker_limits || image->eventfd_id != 0 ||
	       image->files_count > 0 || image->buffers_count > 0;
}

int ring_register(struct restore *restore, struct object *object)
{
	const Cr__IoUring *image = ring_image(object);
	struct registering registering = {.restore = restore, .image = image};
	cleanup_close int fd = -EBADF;
	int r = object_take(restore, object, &fd);

	if (r == 0 && has_any(image)) {
		r = begin(&registering, image->tid, fd);
		if (r == 0)
			r = register_settings(&registering);
		if (r == 0)
			r = register_eventfd(&registering);
		if (r == 0)
			r = register_files(&registering);
		if (r == 0)
			r = register_buffers(&registering);
		if (r == 0)
			r = end(&registering);
	}
	for (size_t i = 0; r == 0 && i < image->n_registered; i++)
		r = register_ring(&registering, image->registered[i], fd);
	return r;
}
