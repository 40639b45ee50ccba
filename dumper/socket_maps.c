/* SPDX-License-Identifier: MIT */
/* Finds the sockets that are mapped. */
#include "dumper/socket_maps.h"

#include "common/log.h"
#include "dumper/fd/fd_dumper.h"
#include "dumper/sharing.h"
#include "format/fd/packet.h"

static const struct open_file *find_socket(const struct dump *dump, uint64_t inode)
{
	for (size_t i = 0; i < dump->open_files_count; i++)
		if (dump->open_files[i]->is_socket && dump->open_files[i]->inode == inode)
			return dump->open_files[i];
	return NULL;
}

static void check_mapping(struct dump *dump, const struct vma *vma, Cr__Mapping *mapping)
{
	const struct open_file *file = find_socket(dump, vma->inode);
	const Cr__PacketSocket *socket = NULL;

	LOG_SCOPE("%#lx-%#lx", (unsigned long)vma->start, (unsigned long)vma->end);
	if (file && file->entry && file->entry->descriptor == &cr__packet_socket__descriptor)
		socket = (const Cr__PacketSocket *)file->entry;
	mapping->open_file_id = file ? file->image.id : 0;
	if (!file)
		blockers_add(&dump->blockers,
			     "maps the ring of a socket (%s) that the program has no descriptor of any more, "
			     "which cannot be preserved",
			     vma->name);
	else if (!socket)
		blockers_add(&dump->blockers, "maps the ring of a socket (%s), which cannot be preserved",
			     vma->name);
	else if (vma->offset != 0 || packet_rings_size(socket) != vma->end - vma->start)
		blockers_add(
			&dump->blockers,
			"maps a part of the ring of a socket (%s), which cannot be preserved: the rest has "
			"been unmapped, or is protected otherwise",
			vma->name);
	else if (!vma->is_shared && vma->anonymous > 0)
		blockers_add(
			&dump->blockers,
			"maps the ring of a socket (%s) privately and has written to it, which cannot be "
			"preserved",
			vma->name);
}

int socket_maps_check(struct dump *dump)
{
	for (size_t i = 0; i < dump->processes_count; i++) {
		struct process *process = &dump->processes[i];
		Cr__Memory *memory = process->memory;

		if (process->is_zombie || !memory || !sharing_is_owner(dump, process, SHARED_MEMORY))
			continue;
		LOG_SCOPE("pid %d (%s)", (int)process->pidref.pid, process->status.name);
		for (size_t k = 0; k < memory->n_mappings; k++)
			if (memory->mappings[k]->kind == CR__MAPPING_KIND__MAPPING_SOCKET)
				check_mapping(dump, vma_list_find(&process->vmas, memory->mappings[k]->start),
					      memory->mappings[k]);
	}
	return 0;
}
