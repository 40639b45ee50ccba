/* SPDX-License-Identifier: MIT */
/* Segments of System V shared memory. */
#include "dumper/sysv.h"

#include <errno.h>
#include <string.h>
#include <sys/shm.h>

#include "common/cleanup.h"
#include "common/id_map.h"
#include "common/log.h"
#include "dumper/sharing.h"

int sysv_describe(struct dump *dump, int id, Cr__SysvSegment **ret_segment)
{
	Cr__SysvSegment *segment = arena_new(&dump->arena, Cr__SysvSegment);
	struct shmid_ds facts;

	*ret_segment = NULL;
	if (!segment)
		return log_error_errno(-ENOMEM, "cannot note its shared memory");
	if (shmctl(id, IPC_STAT, &facts) < 0) {
		blockers_add(&dump->blockers,
			     "has attached shared memory segment %d, which cannot be looked at: %s", id,
			     strerror(errno));
		return 0;
	}
	cr__sysv_segment__init(segment);
	segment->id = id;
	segment->size = facts.shm_segsz;
	segment->key = facts.shm_perm.__key;
	segment->mode = facts.shm_perm.mode & (0777 | SHM_DEST | SHM_LOCKED);
	segment->uid = facts.shm_perm.uid;
	segment->gid = facts.shm_perm.gid;
	segment->creator_uid = facts.shm_perm.cuid;
	segment->creator_gid = facts.shm_perm.cgid;
	*ret_segment = segment;
	return 0;
}

static bool is_sysv(const struct vma *vma)
{
	return vma->is_shared && vma->dev_major == 0 && vma->name && strncmp(vma->name, "/SYSV", 5) == 0;
}

/* One attachment may be several mappings, by their protection; the first begins with the segment. */
static void check_attachment(struct dump *dump, const struct vma_list *vmas, size_t *position)
{
	const struct vma *first = &vmas->vmas[*position], *last = first;
	uint64_t page_size = MAX(first->kernel_page_size, PAGE_SIZE_BYTES);
	struct shmid_ds facts;

	while (++*position < vmas->vmas_count) {
		const struct vma *next = &vmas->vmas[*position];

		if (!is_sysv(next) || next->inode != first->inode || next->start != last->end ||
		    next->offset != last->offset + (last->end - last->start))
			break;
		last = next;
	}
	if (shmctl((int)first->inode, IPC_STAT, &facts) < 0)
		return;
	if (first->offset != 0 || last->end - first->start != ALIGN_UP(facts.shm_segsz, page_size))
		blockers_add(&dump->blockers,
			     "has unmapped a part of shared memory segment %d, which cannot be preserved yet",
			     (int)first->inode);
}

/* The kernel counts the mappings of a segment. */
static int count(struct id_map *counts, uint64_t id)
{
	uint64_t known = 0;

	(void)id_map_get(counts, id, &known);
	return id_map_set(counts, id, known + 1);
}

static int check_process(struct dump *dump, const struct process *process, struct id_map *counts)
{
	const struct vma_list *vmas = &process->vmas;

	for (size_t i = 0; i < vmas->vmas_count; i++)
		if (is_sysv(&vmas->vmas[i]) && count(counts, vmas->vmas[i].inode) < 0)
			return log_error_errno(-ENOMEM, "cannot check its shared memory");
	for (size_t i = 0; i < vmas->vmas_count;) {
		if (is_sysv(&vmas->vmas[i]))
			check_attachment(dump, vmas, &i);
		else
			i++;
	}
	return 0;
}

int sysv_check(struct dump *dump)
{
	cleanup_(id_map_done) struct id_map counts = {0};
	uint64_t id, attached;
	size_t position = 0;

	for (size_t i = 0; i < dump->processes_count; i++) {
		const struct process *process = &dump->processes[i];
		int r;

		if (process->is_zombie || !sharing_is_owner(dump, process, SHARED_MEMORY))
			continue;
		LOG_SCOPE("pid %d (%s)", (int)process->pidref.pid, process->status.name);
		r = check_process(dump, process, &counts);
		if (r < 0)
			return r;
	}
	while (id_map_next(&counts, &position, &id, &attached)) {
		struct shmid_ds facts;

		if (shmctl((int)id, IPC_STAT, &facts) == 0 && facts.shm_nattch > attached)
			blockers_add(&dump->blockers,
				     "shared memory segment %d is attached %ju times by processes outside of "
				     "the dump: "
				     "dump them together, or end them (ipcs -mp, the last was pid %d)",
				     (int)id, (uintmax_t)(facts.shm_nattch - attached), (int)facts.shm_lpid);
	}
	return 0;
}
