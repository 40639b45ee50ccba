/* SPDX-License-Identifier: MIT */
/*
 * Maps rings again.
 *
 * For an io_uring the kernel chooses the address itself, and takes no other. So it is left no choice: while
 * it is mapped, all free address space but the right piece is taken.
 */
#include "restorer/ring_maps.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/proc/maps.h"
#include "common/proc/proc_dir.h"
#include "common/vector.h"
#include "format/fd/io_uring.h"
#include "format/fd/packet.h"
#include "format/task/memory_check.h"
#include "restorer/fd/fd_restorer.h"

#ifndef SYS_mseal
#define SYS_mseal 462
#endif

/* Below it nothing is mapped, sysctl vm.mmap_min_addr. */
#define ADDRESS_MIN UINT64_C(0x10000)

/* A piece of free address space. */
struct gap {
	uint64_t start, end;
	bool is_taken;
};

struct gap_list {
	struct gap *gaps;
	size_t gaps_count, gaps_capacity;
};

static void gap_list_done(struct gap_list *list)
{
	free(list->gaps);
}

static bool is_ring(const Cr__Mapping *mapping)
{
	return mapping->kind == CR__MAPPING_KIND__MAPPING_RING;
}

static const Cr__IoUring *io_uring_of(const struct object *object)
{
	return object && object->entry && object->entry->descriptor == &cr__io_uring__descriptor
		       ? (const Cr__IoUring *)object->entry
		       : NULL;
}

static int plan_mapping(struct restore *restore, const struct task *task, const Cr__Mapping *mapping)
{
	const struct object *object = object_find(restore, mapping->open_file_id);
	const Cr__PacketSocket *socket =
		object && object->entry && object->entry->descriptor == &cr__packet_socket__descriptor
			? (const Cr__PacketSocket *)object->entry
			: NULL;
	const Cr__IoUring *ring = io_uring_of(object);
	uint64_t size = mapping->end - mapping->start;

	if (socket && packet_rings_size(socket) == size && mapping->offset == 0)
		return 0;
	if (ring && mapping->is_shared && size <= io_uring_mapping_size(ring, mapping->offset))
		return 0;
	log_error("bad archive: process %d: the mapping at %#" PRIx64
		  " is not of the rings of a packet socket or an io_uring",
		  task->image->pid, mapping->start);
	return -EBADMSG;
}

int ring_maps_plan(struct restore *restore)
{
	for (size_t i = 0; i < restore->tasks_count; i++) {
		const struct task *task = &restore->tasks[i];

		if (!task->memory || !task_owns(task, SHARED_MEMORY))
			continue;
		for (size_t k = 0; k < task->memory->n_mappings; k++) {
			const Cr__Mapping *mapping = task->memory->mappings[k];
			int r = is_ring(mapping) ? plan_mapping(restore, task, mapping) : 0;

			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int add_gap(struct gap_list *list, uint64_t start, uint64_t end)
{
	struct gap *gap;

	if (start >= end)
		return 0;
	gap = vector_append(list, gaps);
	if (!gap)
		return -ENOMEM;
	*gap = (struct gap){.start = start, .end = end};
	return 0;
}

/* All but the place of MAPPING. */
static int find_gaps(pid_t pid, const Cr__Mapping *mapping, struct gap_list *list)
{
	cleanup_(vma_list_done) struct vma_list vmas = {0};
	cleanup_close int proc_fd = -EBADF;
	uint64_t at = ADDRESS_MIN;
	int r = proc_open(pid, &proc_fd);

	if (r == 0)
		r = vma_list_read(proc_fd, VMA_DETAIL_MAPS, &vmas);
	for (size_t i = 0; r == 0 && i <= vmas.vmas_count; i++) {
		uint64_t end = i < vmas.vmas_count ? MIN(vmas.vmas[i].start, MEMORY_ADDRESS_LIMIT)
						   : MEMORY_ADDRESS_LIMIT;

		if (at <= mapping->start && mapping->end <= end) {
			r = add_gap(list, at, mapping->start);
			at = mapping->end;
		}
		if (r == 0)
			r = add_gap(list, at, end);
		if (i < vmas.vmas_count)
			at = MAX(at, vmas.vmas[i].end);
	}
	return r;
}

/* Takes the gaps between two addresses, or gives them back. */
static int change_gaps(struct puppet *puppet, struct gap_list *list, uint64_t from, uint64_t to,
		       bool is_taken)
{
	const uint64_t flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
	struct batch *batch = puppet_batch(puppet);
	int r = 0;

	for (size_t i = 0; r == 0 && i < list->gaps_count; i++) {
		struct gap *gap = &list->gaps[i];

		if (gap->is_taken == is_taken || gap->end <= from || gap->start >= to)
			continue;
		if (is_taken)
			batch_call(batch, SYS_mmap, gap->start, gap->end - gap->start, PROT_NONE, flags,
				   (uint64_t)-1, 0);
		else
			batch_call(batch, SYS_munmap, gap->start, gap->end - gap->start);
		gap->is_taken = is_taken;
		if (batch_is_nearly_full(batch, 1, 0)) {
			r = puppet_run(puppet, "taking address space");
			batch = puppet_batch(puppet);
		}
	}
	return r < 0 ? r : puppet_run(puppet, "taking address space");
}

/* Adds the calls that map it from our FD, at ADDRESS, or where the kernel wants; the index of mmap(2). The
 * descriptors are there for the moment of the call. */
static unsigned add_mapping(struct batch *batch, const Cr__Mapping *mapping, int fd, uint64_t address)
{
	uint64_t flags = (uint64_t)(mapping->is_shared ? MAP_SHARED : MAP_PRIVATE) |
			 (address != 0 ? MAP_FIXED_NOREPLACE : 0);
	unsigned controller = batch_call(batch, SYS_pidfd_open, (uint64_t)getpid(), 0), got, mapped;

	got = batch_call(batch, SYS_pidfd_getfd, 0, (uint64_t)fd, 0);
	batch_refer(batch, 0, controller);
	mapped = batch_call(batch, SYS_mmap, address, mapping->end - mapping->start, mapping->prot,
			    flags | mapping->flags, 0, mapping->offset);
	batch_refer(batch, 4, got);
	batch_call(batch, SYS_close, 0);
	batch_refer(batch, 0, got);
	batch_call(batch, SYS_close, 0);
	batch_refer(batch, 0, controller);
	return mapped;
}

/* The kernel takes the highest free piece first; where it was wrong is taken before it is tried again. */
static int map_by_force(struct puppet *puppet, const Cr__Mapping *mapping, int fd)
{
	cleanup_(gap_list_done) struct gap_list list = {0};
	uint64_t size = mapping->end - mapping->start, address = 0;
	int r = find_gaps(puppet->tracee.tgid, mapping, &list);

	if (r < 0)
		return log_error_errno(r, "cannot look for free address space");
	r = change_gaps(puppet, &list, mapping->end, MEMORY_ADDRESS_LIMIT, true);
	for (size_t i = 0; r == 0 && i <= list.gaps_count; i++) {
		struct batch *batch = puppet_batch(puppet);
		unsigned call = add_mapping(batch, mapping, fd, 0);

		r = puppet_run(puppet, "mapping a ring");
		address = r == 0 ? (uint64_t)batch_result(batch, call) : 0;
		if (r < 0 || address == mapping->start)
			break;
		batch_call(puppet_batch(puppet), SYS_munmap, address, size);
		r = puppet_run(puppet, "unmapping a ring");
		if (r == 0)
			r = change_gaps(puppet, &list, address, address + size, true);
	}
	if (r == 0 && address != mapping->start)
		return log_error_errno(-EEXIST, "cannot map a ring at %#" PRIx64 " again", mapping->start);
	return r < 0 ? r : change_gaps(puppet, &list, 0, MEMORY_ADDRESS_LIMIT, false);
}

static int make_mapping(struct restore *restore, struct task *task, const Cr__Mapping *mapping)
{
	struct object *object = object_find(restore, mapping->open_file_id);
	struct puppet *puppet = task_puppet(task);
	cleanup_close int fd = -EBADF;
	struct batch *batch;
	int r = object_take(restore, object, &fd);

	if (r < 0)
		return r;
	if (io_uring_of(object))
		r = map_by_force(puppet, mapping, fd);
	if (r < 0)
		return r;
	batch = puppet_batch(puppet);
	if (!io_uring_of(object))
		add_mapping(batch, mapping, fd, mapping->start);
	for (size_t i = 0; i < mapping->n_advice; i++)
		batch_call(batch, SYS_madvise, mapping->start, mapping->end - mapping->start,
			   mapping->advice[i]);
	if (mapping->is_sealed)
		batch_call(batch, SYS_mseal, mapping->start, mapping->end - mapping->start, 0);
	return puppet_run(puppet, "mapping a ring");
}

int ring_maps_make(struct restore *restore, struct task *task)
{
	int r = 0;

	if (!task_owns(task, SHARED_MEMORY))
		return 0;
	for (size_t i = 0; r == 0 && i < task->memory->n_mappings; i++)
		if (is_ring(task->memory->mappings[i]))
			r = make_mapping(restore, task, task->memory->mappings[i]);
	return r;
}
