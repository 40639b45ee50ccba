/* SPDX-License-Identifier: MIT */
/*
 * Collects AIO contexts. Requests that are in flight belong to the kernel: what they read is not in memory
 * yet, and nobody would tell the program of their end. How many there are does not show, but each holds a
 * reference to its file.
 */
#include "dumper/aio.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/file_references.h"
#include "common/interrupt.h"
#include "common/log.h"
#include "common/tracee/remote_memory.h"
#include "dumper/fd/fd_dumper.h"
#include "dumper/fd/open_files.h"
#include "dumper/holders.h"
#include "dumper/sharing.h"
#include "format/task/aio.h"

/* For all requests of the tree: a disk that is asked for much takes its time. */
#define WAIT_MS 3000

/* How often the descriptors of the tree lead to each open file, by its id - 1. */
struct counts {
	struct dump *dump;
	struct file_references *references;
	uint32_t *of_files;
	int rounds_left;
};

static void counts_done(struct counts *counts)
{
	if (counts->references)
		file_references_free(counts->references);
	free(counts->of_files);
}

static bool has_contexts(const struct process *process)
{
	const Cr__Memory *memory = process->memory;

	for (size_t i = 0; memory && i < memory->n_mappings; i++)
		if (memory->mappings[i]->kind == CR__MAPPING_KIND__MAPPING_AIO)
			return true;
	return false;
}

static int count_descriptors(struct counts *counts)
{
	struct dump *dump = counts->dump;

	counts->of_files = calloc(MAX(dump->open_files_count, (size_t)1), sizeof(*counts->of_files));
	if (!counts->of_files)
		return log_error_errno(-ENOMEM, "cannot look for requests in flight");
	for (size_t i = 0; i < dump->processes_count; i++) {
		const struct process *process = &dump->processes[i];
		const Cr__DescriptorTable *table = process->descriptors;

		if (!table || process->is_zombie || !sharing_is_owner(dump, process, SHARED_FILES))
			continue;
		for (size_t k = 0; k < table->n_descriptors; k++)
			counts->of_files[table->descriptors[k]->open_file_id - 1]++;
	}
	return 0;
}

/* The descriptors of other processes that lead to FILE. */
static int count_outside(struct dump *dump, const struct open_file *file, uint64_t *ret_count)
{
	const struct fd_object objects[] = {
		{.type = FD_OBJECT_PIPE, .inode = file->inode},
		{.type = FD_OBJECT_SOCKET, .inode = file->inode},
		{.type = FD_OBJECT_FILE, .device = file->device, .inode = file->inode},
	};
	const struct fd_holder *holders;
	size_t count;
	int r = 0;

	*ret_count = 0;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(objects); i++)
		r = holders_want(dump, &objects[i]);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(objects); i++) {
		r = holders_find(dump, &objects[i], &holders, &count);
		for (size_t k = 0; r == 0 && k < count; k++) {
			const struct open_file_key key = {
				.pid = holders[k].pid,
				.fd = holders[k].fd,
				.device = file->device,
				.inode = file->inode,
			};

			*ret_count += open_file_is(file, &key) == 1;
		}
	}
	return r;
}

/* How many references to FILE are not those of descriptors, or a negative errno. */
static int64_t count_others(struct counts *counts, const struct open_file *file)
{
	cleanup_close int our_fd = -EBADF;
	uint64_t found = 0, known = counts->of_files[file->image.id - 1] + 1;
	int r = pidref_getfd(&file->process->pidref, file->fd, &our_fd);

	if (r == 0)
		r = file_references_count(counts->references, our_fd, &found);
	if (r < 0)
		return log_error_errno(r, "cannot look for requests in flight");
	return (int64_t)(found - known);
}

/* Waits until nothing but descriptors refers to FILE. */
static int settle_file(struct counts *counts, const struct open_file *file)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	uint64_t outside = 0;
	int64_t others = count_others(counts, file);
	int r;

	if (others <= 0)
		return (int)others;
	r = count_outside(counts->dump, file, &outside);
	if (r < 0)
		return r;
	while (others > (int64_t)outside && counts->rounds_left-- > 0) {
		if (interrupted())
			return -EINTR;
		nanosleep(&pause, NULL);
		others = count_others(counts, file);
		if (others < 0)
			return (int)others;
	}
	if (others > (int64_t)outside)
		blockers_add(&counts->dump->blockers, "asynchronous I/O on it (io_submit) is in flight, or "
						      "it is in use in a way that cannot be "
						      "told from that: try again");
	return 0;
}

static int settle_all(struct counts *counts)
{
	struct dump *dump = counts->dump;

	for (size_t i = 0; i < dump->open_files_count; i++) {
		const struct open_file *file = dump->open_files[i];
		int r;

		/* One that is only in a queue cannot be asked for anything. */
		if (!file->process)
			continue;
		LOG_SCOPE("pid %d (%s)", (int)file->process->pidref.pid, file->process->status.name);
		LOG_SCOPE("fd %d", file->fd);
		r = settle_file(counts, file);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Waits for the requests of all. *RET_IS_KNOWN: whether it could be told. */
static int settle(struct dump *dump, const struct process *process, bool *ret_is_known)
{
	cleanup_(counts_done) struct counts counts = {.dump = dump, .rounds_left = WAIT_MS};
	int r = file_references_open(&counts.references);

	*ret_is_known = r == 0;
	if (r < 0) {
		LOG_SCOPE("pid %d (%s)", (int)process->pidref.pid, process->status.name);
		blockers_add(&dump->blockers,
			     "has AIO contexts (io_setup), and whether requests are in flight cannot be "
			     "told: %s; that "
			     "takes CAP_BPF and CAP_PERFMON, and a kernel with BTF",
			     strerror(-r));
		return 0;
	}
	r = count_descriptors(&counts);
	return r < 0 ? r : settle_all(&counts);
}

/* The events from the head on, around the end of the ring. */
static int read_events(pid_t pid, const struct aio_ring *ring, uint64_t start, Cr__AioContext *context,
		       struct arena *arena)
{
	uint32_t count = aio_waiting(ring->head, ring->tail, ring->slots);
	uint32_t first = MIN(count, ring->slots - ring->head);
	uint64_t events = start + sizeof(*ring);
	int r;

	context->events.len = (size_t)count * AIO_EVENT_SIZE;
	context->events.data = arena_alloc(arena, context->events.len + 1);
	if (!context->events.data)
		return -ENOMEM;
	r = remote_read(pid, remote_address(events + (uint64_t)ring->head * AIO_EVENT_SIZE),
			context->events.data, (size_t)first * AIO_EVENT_SIZE);
	return r < 0 || first == count ? r
				       : remote_read(pid, remote_address(events),
						     context->events.data + (size_t)first * AIO_EVENT_SIZE,
						     (size_t)(count - first) * AIO_EVENT_SIZE);
}

static int collect_context(struct dump *dump, const struct process *process, const Cr__Mapping *mapping,
			   Cr__AioContext **ret_context)
{
	Cr__AioContext *context = arena_new(&dump->arena, Cr__AioContext);
	uint32_t slots = aio_slots(mapping->end - mapping->start);
	pid_t pid = process->threads[0].tracee.tid;
	struct aio_ring ring;
	int r = context ? remote_read(pid, remote_address(mapping->start), &ring, sizeof(ring)) : -ENOMEM;

	if (r < 0)
		return log_error_errno(r, "cannot read its AIO context");
	cr__aio_context__init(context);
	*ret_context = context;
	context->start = mapping->start;
	/* The program may write to it. */
	if (ring.magic != AIO_RING_MAGIC || ring.header_size != sizeof(ring) || ring.slots != slots ||
	    ring.head >= slots || ring.tail >= slots) {
		blockers_add(&dump->blockers,
			     "the AIO context at %#jx is of a kind that this version does not know",
			     (uintmax_t)mapping->start);
		return 0;
	}
	context->head = ring.head;
	context->tail = ring.tail;
	r = read_events(pid, &ring, mapping->start, context, &dump->arena);
	return r < 0 ? log_error_errno(r, "cannot read the events of its AIO context") : 0;
}

static int collect_process(struct dump *dump, struct process *process)
{
	Cr__Memory *memory = process->memory;
	int r = 0;

	LOG_SCOPE("pid %d (%s)", (int)process->pidref.pid, process->status.name);
	memory->aio_contexts = arena_array(&dump->arena, Cr__AioContext *, memory->n_mappings);
	if (!memory->aio_contexts)
		return log_error_errno(-ENOMEM, "cannot note its AIO contexts");
	for (size_t i = 0; r == 0 && i < memory->n_mappings; i++)
		if (memory->mappings[i]->kind == CR__MAPPING_KIND__MAPPING_AIO)
			r = collect_context(dump, process, memory->mappings[i],
					    &memory->aio_contexts[memory->n_aio_contexts++]);
	return r;
}

int aio_collect(struct dump *dump)
{
	bool is_settled = false, is_known = true;
	int r = 0;

	for (size_t i = 0; r == 0 && is_known && i < dump->processes_count; i++) {
		struct process *process = &dump->processes[i];

		if (process->is_zombie || !sharing_is_owner(dump, process, SHARED_MEMORY) ||
		    !has_contexts(process))
			continue;
		if (!is_settled)
			r = settle(dump, process, &is_known);
		is_settled = true;
		if (r == 0 && is_known)
			r = collect_process(dump, process);
	}
	return r;
}
