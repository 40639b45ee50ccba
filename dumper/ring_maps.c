/* SPDX-License-Identifier: MIT */
/* Finds the open files whose rings are mapped. */
#include "dumper/ring_maps.h"

#include "common/log.h"
#include "dumper/fd/fd_dumper.h"
#include "dumper/sharing.h"
#include "format/fd/io_uring.h"
#include "format/fd/packet.h"

static bool is_io_uring(const struct open_file *file)
{
	return file->entry && file->entry->descriptor == &cr__io_uring__descriptor;
}

/* What has rings has an inode of its own. */
static const struct open_file *find_file(const struct dump *dump, uint64_t inode)
{
	for (size_t i = 0; i < dump->open_files_count; i++)
		if ((dump->open_files[i]->is_socket || is_io_uring(dump->open_files[i])) &&
		    dump->open_files[i]->inode == inode)
			return dump->open_files[i];
	return NULL;
}

static bool is_packet_socket(const struct open_file *file)
{
	return file->entry && file->entry->descriptor == &cr__packet_socket__descriptor;
}

/* The kernel maps all of one from its beginning. */
static bool is_whole(const struct open_file *file, const struct vma *vma)
{
	uint64_t size = vma->end - vma->start;

	if (is_io_uring(file)) {
		const Cr__IoUring *ring = (const Cr__IoUring *)file->entry;

		return ring->n_offsets == 0 || size <= io_uring_mapping_size(ring, vma->offset);
	}
	return vma->offset == 0 && packet_rings_size((const Cr__PacketSocket *)file->entry) == size;
}

static void check_mapping(struct dump *dump, const struct vma *vma, Cr__Mapping *mapping)
{
	const struct open_file *file = find_file(dump, vma->inode);

	LOG_SCOPE("%#lx-%#lx", (unsigned long)vma->start, (unsigned long)vma->end);
	mapping->open_file_id = file ? file->image.id : 0;
	mapping->offset = vma->offset;
	if (!file)
		blockers_add(
			&dump->blockers,
			"maps a ring (%s) that the program has no descriptor of any more, which cannot be "
			"preserved",
			vma->name);
	else if (!is_packet_socket(file) && !is_io_uring(file))
		blockers_add(&dump->blockers, "maps the ring of a socket (%s), which cannot be preserved",
			     vma->name);
	else if (!is_whole(file, vma))
		blockers_add(&dump->blockers,
			     "maps a part of a ring (%s), which cannot be preserved: the rest has been "
			     "unmapped, or is protected otherwise",
			     vma->name);
	else if (!vma->is_shared && (vma->anonymous > 0 || is_io_uring(file)))
		blockers_add(&dump->blockers, "maps a ring (%s) privately%s, which cannot be preserved",
			     vma->name, is_io_uring(file) ? "" : " and has written to it");
}

int ring_maps_check(struct dump *dump)
{
	for (size_t i = 0; i < dump->processes_count; i++) {
		struct process *process = &dump->processes[i];
		Cr__Memory *memory = process->memory;

		if (process->is_zombie || !memory || !sharing_is_owner(dump, process, SHARED_MEMORY))
			continue;
		LOG_SCOPE("pid %d (%s)", (int)process->pidref.pid, process->status.name);
		for (size_t k = 0; k < memory->n_mappings; k++)
			if (memory->mappings[k]->kind == CR__MAPPING_KIND__MAPPING_RING)
				check_mapping(dump, vma_list_find(&process->vmas, memory->mappings[k]->start),
					      memory->mappings[k]);
	}
	return 0;
}
