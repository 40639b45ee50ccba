/* SPDX-License-Identifier: MIT */
/* Maps sockets again. */
#include "restorer/socket_maps.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "format/fd/packet.h"
#include "restorer/fd/fd_restorer.h"

#ifndef SYS_mseal
#define SYS_mseal 462
#endif

static bool is_socket(const Cr__Mapping *mapping)
{
	return mapping->kind == CR__MAPPING_KIND__MAPPING_SOCKET;
}

static int plan_mapping(struct restore *restore, const struct task *task, const Cr__Mapping *mapping)
{
	const struct object *object = object_find(restore, mapping->open_file_id);
	const Cr__PacketSocket *socket =
		object && object->entry && object->entry->descriptor == &cr__packet_socket__descriptor
			? (const Cr__PacketSocket *)object->entry
			: NULL;

	if (socket && packet_rings_size(socket) == mapping->end - mapping->start)
		return 0;
	log_error("bad archive: process %d: the mapping at %#" PRIx64
		  " is not of the rings of a packet socket",
		  task->image->pid, mapping->start);
	return -EBADMSG;
}

int socket_maps_plan(struct restore *restore)
{
	for (size_t i = 0; i < restore->tasks_count; i++) {
		const struct task *task = &restore->tasks[i];

		if (!task->memory || !task_owns(task, SHARED_MEMORY))
			continue;
		for (size_t k = 0; k < task->memory->n_mappings; k++) {
			const Cr__Mapping *mapping = task->memory->mappings[k];
			int r = is_socket(mapping) ? plan_mapping(restore, task, mapping) : 0;

			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* The descriptors are there for the moment of the call. */
static int make_mapping(struct restore *restore, struct task *task, const Cr__Mapping *mapping)
{
	uint64_t size = mapping->end - mapping->start;
	uint64_t flags = (uint64_t)(mapping->is_shared ? MAP_SHARED : MAP_PRIVATE) | MAP_FIXED_NOREPLACE;
	struct batch *batch = puppet_batch(task_puppet(task));
	cleanup_close int fd = -EBADF;
	unsigned controller, got;
	int r = object_take(restore, object_find(restore, mapping->open_file_id), &fd);

	if (r < 0)
		return r;
	controller = batch_call(batch, SYS_pidfd_open, (uint64_t)getpid(), 0);
	got = batch_call(batch, SYS_pidfd_getfd, 0, (uint64_t)fd, 0);
	batch_refer(batch, 0, controller);
	batch_call(batch, SYS_mmap, mapping->start, size, mapping->prot, flags | mapping->flags, 0, 0);
	batch_refer(batch, 4, got);
	batch_call(batch, SYS_close, 0);
	batch_refer(batch, 0, got);
	batch_call(batch, SYS_close, 0);
	batch_refer(batch, 0, controller);
	for (size_t i = 0; i < mapping->n_advice; i++)
		batch_call(batch, SYS_madvise, mapping->start, size, mapping->advice[i]);
	if (mapping->is_sealed)
		batch_call(batch, SYS_mseal, mapping->start, size, 0);
	return puppet_run(task_puppet(task), "mapping the rings of a socket");
}

int socket_maps_make(struct restore *restore, struct task *task)
{
	int r = 0;

	if (!task_owns(task, SHARED_MEMORY))
		return 0;
	for (size_t i = 0; r == 0 && i < task->memory->n_mappings; i++)
		if (is_socket(task->memory->mappings[i]))
			r = make_mapping(restore, task, task->memory->mappings[i]);
	return r;
}
