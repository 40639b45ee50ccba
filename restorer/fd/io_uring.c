/* SPDX-License-Identifier: MIT */
/*
 * io_uring(7), at restore.
 *
 * A ring is made by a thread of the program, for the kernel notes which, and is filled from here, where it is
 * mapped for a moment. What is registered with it comes when all files and all memory are there.
 */
#include "restorer/fd/io_uring.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/pidref.h"
#include "restorer/fd/contents_reader.h"
#include "restorer/plan.h"

extern const struct fd_restorer io_uring_fd_restorer;

static int io_uring_read_entry(struct restore *restore maybe_unused, struct object *object,
			       const char **ret_reason)
{
	const Cr__IoUring *image = ring_image(object);
	struct made_ring *made;
	int r = io_uring_check(image, ret_reason);

	if (r < 0)
		return r;
	made = malloc(sizeof(*made));
	if (!made)
		return log_error_errno(-ENOMEM, "cannot read an io_uring");
	*made = (struct made_ring){.fd = -EBADF};
	object->state = made;
	object->contents_size = io_uring_ring_size(image) + io_uring_entries_size(image);
	return 0;
}

static int bad_ring(const struct object *object, const char *what, uint64_t which)
{
	log_error("bad archive: open file %u is an io_uring with %s %" PRIu64 ", which is not there",
		  object->image->id, what, which);
	return -EBADMSG;
}

static int io_uring_plan(struct restore *restore, struct object *object)
{
	const Cr__IoUring *image = ring_image(object);

	if (!plan_has_thread(restore, image->tid))
		return bad_ring(object, "the thread", (uint64_t)image->tid);
	for (size_t i = 0; i < image->n_registered; i++)
		if (!plan_has_thread(restore, image->registered[i]->tid))
			return bad_ring(object, "the thread", (uint64_t)image->registered[i]->tid);
	if (image->eventfd_id != 0 && !object_find(restore, image->eventfd_id))
		return bad_ring(object, "the file", image->eventfd_id);
	for (size_t i = 0; i < image->n_files; i++)
		if (!object_find(restore, image->files[i]->open_file_id))
			return bad_ring(object, "the file", image->files[i]->open_file_id);
	return 0;
}

static struct io_uring_params params_of(const Cr__IoUring *image)
{
	return (struct io_uring_params){
		.flags = image->flags | IORING_SETUP_CQSIZE,
		.cq_entries = image->cq_entries,
	};
}

/* Where things are in a ring the program knows already. */
static const char *find_difference(const Cr__IoUring *image, const struct io_uring_params *params)
{
	uint32_t offsets[IO_URING_OFFSETS_COUNT];

	io_uring_offsets_get(params, offsets);
	if (params->sq_entries != image->sq_entries || params->cq_entries != image->cq_entries)
		return "it makes them of another size";
	if (memcmp(offsets, image->offsets, sizeof(offsets)) != 0)
		return "they are laid out otherwise";
	if (image->features & ~params->features)
		return "it lacks features that the program may rely on";
	return NULL;
}

static void preflight_object(struct restore *restore, const struct object *object)
{
	const Cr__IoUring *image = ring_image(object);
	struct io_uring_params params = params_of(image);
	cleanup_close int fd = (int)syscall(SYS_io_uring_setup, image->sq_entries, &params);
	const char *difference;

	if (fd < 0) {
		blockers_add(&restore->blockers,
			     "open file %u is an io_uring, which cannot be made here: %s%s",
			     object->image->id, strerror(errno),
			     errno == EPERM ? " (see the sysctl kernel.io_uring_disabled)" : "");
		return;
	}
	difference = find_difference(image, &params);
	if (difference)
		blockers_add(&restore->blockers,
			     "open file %u is an io_uring, and this kernel does not make such as that of the "
			     "dump: %s",
			     object->image->id, difference);
}

static int io_uring_preflight(struct restore *restore)
{
	for (size_t i = 0; i < restore->objects_count; i++)
		if (restore->objects[i].kind == &io_uring_fd_restorer)
			preflight_object(restore, &restore->objects[i]);
	return 0;
}

struct puppet *ring_thread(struct restore *restore, pid_t tid)
{
	for (size_t i = 0; i < restore->tasks_count; i++)
		for (size_t k = 0; k < restore->tasks[i].threads_count; k++)
			if (restore->tasks[i].threads[k].image &&
			    restore->tasks[i].threads[k].image->tid == tid)
				return &restore->tasks[i].threads[k].puppet;
	return NULL;
}

static int set_up(const Cr__IoUring *image, struct puppet *puppet, int *ret_fd)
{
	struct io_uring_params params = params_of(image), made;
	struct batch *batch = puppet_batch(puppet);
	uint64_t at = batch_data(batch, &params, sizeof(params));
	unsigned call = batch_call(batch, SYS_io_uring_setup, image->sq_entries, at);
	int r = puppet_run(puppet, "making an io_uring");

	if (r < 0)
		return r;
	memcpy(&made, batch_data_at(batch, at), sizeof(made));
	if (find_difference(image, &made))
		return log_error_errno(-EIO, "the kernel has made an io_uring otherwise than before");
	*ret_fd = (int)batch_result(batch, call);
	return 0;
}

static int take_over(pid_t pid, int fd, int *ret_fd)
{
	cleanup_(pidref_done) struct pidref pidref = PIDREF_NULL;
	int r = pidref_open(pid, &pidref);

	if (r == 0)
		r = pidref_getfd(&pidref, fd, ret_fd);
	return r < 0 ? log_error_errno(r, "cannot take over an io_uring") : 0;
}

static int make(struct restore *restore, struct object *object)
{
	const Cr__IoUring *image = ring_image(object);
	struct puppet *puppet = ring_thread(restore, image->tid);
	struct made_ring *made = object->state;
	int fd = -EBADF, r;

	if (!puppet)
		return log_error_errno(-ESRCH, "thread %d, which is to make an io_uring, is not there",
				       image->tid);
	LOG_SCOPE("thread %d", image->tid);
	r = set_up(image, puppet, &fd);
	if (r < 0)
		return r;
	r = take_over(puppet->tracee.tgid, fd, &made->fd);
	if (r == 0)
		r = ring_advance(image, made->fd, puppet, fd);
	if (r < 0)
		return r;
	batch_call(puppet_batch(puppet), SYS_close, (uint64_t)fd);
	return puppet_run(puppet, "making an io_uring");
}

static int io_uring_prepare(struct restore *restore)
{
	return objects_each(restore, &io_uring_fd_restorer, make);
}

static int io_uring_open(struct restore *restore maybe_unused, const struct object *object, int *ret_fd)
{
	struct made_ring *made = object->state;

	*ret_fd = take_fd(&made->fd);
	return 0;
}

/* What the archive says of the counters in the message is what the kernel has been brought to. */
static void set_counters(const Cr__IoUring *image, char *memory)
{
	const struct {
		enum io_uring_offset where;
		uint32_t value;
	} words[] = {
		{IO_URING_SQ_HEAD, image->sq_head},
		{IO_URING_CQ_TAIL, image->cq_tail},
		{IO_URING_CQ_HEAD, image->cq_head},
		{IO_URING_SQ_RING_MASK, image->sq_entries - 1},
		{IO_URING_SQ_RING_ENTRIES, image->sq_entries},
		{IO_URING_CQ_RING_MASK, image->cq_entries - 1},
		{IO_URING_CQ_RING_ENTRIES, image->cq_entries},
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		memcpy(memory + image->offsets[words[i].where], &words[i].value, sizeof(uint32_t));
}

static int fill_part(const Cr__IoUring *image, struct contents_reader *reader, int fd, uint64_t offset)
{
	uint64_t size = io_uring_mapping_size(image, offset);
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)offset);
	int r;

	if (memory == MAP_FAILED)
		return log_error_errno(-errno, "cannot map an io_uring");
	r = contents_read(reader, memory, size);
	if (r == 0 && offset == IORING_OFF_SQ_RING)
		set_counters(image, memory);
	munmap(memory, size);
	return r;
}

static int io_uring_fill(struct restore *restore, const struct object *object, int fd)
{
	struct contents_reader reader = {.reader = restore->reader};
	int r = fill_part(ring_image(object), &reader, fd, IORING_OFF_SQ_RING);

	return r < 0 ? r : fill_part(ring_image(object), &reader, fd, IORING_OFF_SQES);
}

static int io_uring_finish(struct restore *restore)
{
	return objects_each(restore, &io_uring_fd_restorer, ring_register);
}

static void io_uring_done(struct object *object)
{
	struct made_ring *made = object->state;

	if (made)
		close_fd(&made->fd);
	free(made);
	object->state = NULL;
}

const struct fd_restorer io_uring_fd_restorer = {
	.name = "io_uring",
	.read = io_uring_read_entry,
	.plan = io_uring_plan,
	.preflight = io_uring_preflight,
	.prepare = io_uring_prepare,
	.open = io_uring_open,
	.fill = io_uring_fill,
	.finish = io_uring_finish,
	.done = io_uring_done,
};
