/* SPDX-License-Identifier: MIT */
/* The address space of a restored process. */
#include "restorer/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/log.h"
#include "common/proc/proc_dir.h"
#include "format/task/memory_policy.h"
#include "restorer/inherit.h"
#include "restorer/task/memory_policy.h"

#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 0x08
#endif
/* Linux 6.13; of mappings that cannot be written to: 6.15. */
#define CR_MADV_GUARD_INSTALL 102
#ifndef SYS_mseal
#define SYS_mseal 462
#endif
#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif
#define RSEQ_FLAG_UNREGISTER 1

#define USER_SPACE_END UINT64_C(0x7ffffffff000)
/* Where the search for a home begins; below are the pages that vm.mmap_min_addr may protect. */
#define HOME_LOWEST UINT64_C(0x200000)
#define HOME_HIGHEST (USER_SPACE_END - PUPPET_HOME_SIZE)
#define VSYSCALL_ADDRESS UINT64_C(0xffffffffff600000)

/* What batches are for, in messages. */
#define EMPTYING "emptying its memory"
#define BUILDING "building its memory"

struct span {
	uint64_t start, end;
};

static int compare_spans(const void *left, const void *right)
{
	const struct span *a = left, *b = right;

	return (a->start > b->start) - (a->start < b->start);
}

int memory_read_vmas(pid_t pid, struct vma_list *ret_list)
{
	cleanup_close int proc_fd = -EBADF;
	int r = proc_open(pid, &proc_fd);

	return r < 0 ? r : vma_list_read(proc_fd, VMA_DETAIL_MAPS, ret_list);
}

/* The first gap of HOME_SIZE bytes between sorted spans. */
static int find_gap(const struct span *spans, size_t count, struct remote_address *ret_home)
{
	uint64_t at = HOME_LOWEST;

	for (size_t i = 0; i < count && spans[i].start < at + PUPPET_HOME_SIZE; i++)
		at = MAX(at, spans[i].end);
	if (at > HOME_HIGHEST)
		return -ENOSPC;
	*ret_home = remote_address(at);
	return 0;
}

int memory_find_home(const struct restore *restore, struct vma_list *ret_own, struct remote_address *ret_home)
{
	cleanup_free struct span *spans = NULL;
	size_t count = 0;
	int r = memory_read_vmas(getpid(), ret_own);

	if (r < 0)
		return r;
	for (size_t i = 0; i < restore->tasks_count; i++)
		count += restore->tasks[i].memory ? restore->tasks[i].memory->n_mappings : 0;
	spans = calloc(ret_own->vmas_count + count, sizeof(*spans));
	if (!spans)
		return -ENOMEM;
	count = 0;
	for (size_t i = 0; i < ret_own->vmas_count; i++)
		spans[count++] = (struct span){ret_own->vmas[i].start, ret_own->vmas[i].end};
	for (size_t i = 0; i < restore->tasks_count; i++) {
		const Cr__Memory *memory = restore->tasks[i].memory;

		for (size_t k = 0; memory && k < memory->n_mappings; k++)
			spans[count++] = (struct span){memory->mappings[k]->start, memory->mappings[k]->end};
	}
	qsort(spans, count, sizeof(*spans), compare_spans);
	return find_gap(spans, count, ret_home);
}

static struct puppet *leader(struct task *task)
{
	return task_puppet(task);
}

/* Runs the batch if it is nearly full; returns the one to go on with, or NULL after an error. */
static struct batch *room(struct task *task, size_t size)
{
	struct batch *batch = leader(task)->batch;

	if (!batch_is_nearly_full(batch, 16, size))
		return batch;
	if (puppet_run(leader(task), BUILDING) < 0)
		return NULL;
	return puppet_batch(leader(task));
}

/* What glibc registered for cr-restore itself must not be written to when its memory is gone. */
static void forget_registrations(struct puppet *puppet)
{
	struct tracee_rseq rseq = {0};

	if (tracee_get_rseq(&puppet->tracee, &rseq) == 0 && rseq.address != 0)
		batch_call(puppet->batch, SYS_rseq, rseq.address, rseq.size, RSEQ_FLAG_UNREGISTER,
			   rseq.signature);
	batch_call(puppet->batch, SYS_set_robust_list, 0, 24);
	batch_call(puppet->batch, SYS_set_tid_address, 0);
}

static bool is_special(const char *name)
{
	return name && (strcmp(name, "[vdso]") == 0 || strcmp(name, "[vvar]") == 0 ||
			strcmp(name, "[vvar_vclock]") == 0);
}

static int unmap_between(struct puppet *puppet, uint64_t start, uint64_t end)
{
	if (batch_is_nearly_full(puppet->batch, 1, 0)) {
		int r = puppet_run(puppet, EMPTYING);

		if (r < 0)
			return r;
		(void)puppet_batch(puppet);
	}
	if (start < end)
		batch_call(puppet->batch, SYS_munmap, start, end - start);
	return 0;
}

/* Unmaps all but the executor, what the kernel maps into every process, and what TASK, if any, keeps. */
static int unmap_all(struct puppet *puppet, const struct vma_list *vmas, const struct task *task)
{
	size_t kept_max = task ? task->memory->n_mappings : 0, count = 0;
	cleanup_free struct span *spans = calloc(vmas->vmas_count + kept_max + 1, sizeof(*spans));
	uint64_t home = puppet->blob.value, at = 0;
	int r = 0;

	if (!spans)
		return log_error_errno(-ENOMEM, "cannot empty its memory");
	spans[count++] = (struct span){home, home + PUPPET_FOOTPRINT};
	for (size_t i = 0; i < vmas->vmas_count; i++)
		if (vmas->vmas[i].start < USER_SPACE_END && is_special(vmas->vmas[i].name))
			spans[count++] = (struct span){vmas->vmas[i].start, vmas->vmas[i].end};
	for (size_t i = 0; i < kept_max; i++)
		if (task->mapping_states[i] & MAPPING_IS_KEPT)
			spans[count++] = (struct span){task->memory->mappings[i]->start, task->kept_ends[i]};
	qsort(spans, count, sizeof(*spans), compare_spans);
	for (size_t i = 0; r == 0 && i < count; i++) {
		r = unmap_between(puppet, at, spans[i].start);
		at = spans[i].end;
	}
	return r < 0 ? r : unmap_between(puppet, at, USER_SPACE_END);
}

static const char *special_name(Cr__MappingKind kind)
{
	switch (kind) {
	case CR__MAPPING_KIND__MAPPING_VDSO:
		return "[vdso]";
	case CR__MAPPING_KIND__MAPPING_VVAR:
		return "[vvar]";
	case CR__MAPPING_KIND__MAPPING_VVAR_VCLOCK:
		return "[vvar_vclock]";
	default:
		return NULL;
	}
}

/* The kernel's own, and what is mapped when that is there. */
static bool is_mapped_elsewhere(const Cr__Mapping *mapping)
{
	return special_name(mapping->kind) || mapping->kind == CR__MAPPING_KIND__MAPPING_AIO ||
	       mapping->kind == CR__MAPPING_KIND__MAPPING_RING;
}

static const Cr__Mapping *find_special(const Cr__Memory *memory, const char *name)
{
	for (size_t i = 0; i < memory->n_mappings; i++) {
		const char *special = special_name(memory->mappings[i]->kind);

		if (special && strcmp(special, name) == 0)
			return memory->mappings[i];
	}
	return NULL;
}

/* By way of the room behind the executor, as a new place may overlap an old one. */
static int move_special(struct task *task, const struct vma_list *vmas)
{
	uint64_t way = leader(task)->blob.value + PUPPET_FOOTPRINT;
	const uint64_t flags = MREMAP_MAYMOVE | MREMAP_FIXED;
	struct batch *batch = room(task, 0);

	if (!batch)
		return -EIO;
	for (int pass = 0; pass < 2; pass++) {
		uint64_t at = way;

		for (size_t i = 0; i < vmas->vmas_count; i++) {
			const struct vma *vma = &vmas->vmas[i];
			uint64_t size = vma->end - vma->start;
			const Cr__Mapping *mapping;

			if (!is_special(vma->name))
				continue;
			mapping = find_special(task->memory, vma->name);
			if (mapping && mapping->end - mapping->start != size)
				return log_error_errno(-EXDEV, "the kernel's %s has another size here",
						       vma->name);
			if (mapping && mapping->start == vma->start)
				continue;
			if (at + size > way + 32 * PAGE_SIZE_BYTES)
				return log_error_errno(-ENOSPC, "the kernel's %s is too large", vma->name);
			if (pass == 0)
				batch_call(batch, SYS_mremap, vma->start, size, size, flags, at);
			else if (mapping)
				batch_call(batch, SYS_mremap, at, size, size, flags, mapping->start);
			else
				batch_call(batch, SYS_munmap, at, size);
			at += size;
		}
	}
	return 0;
}

/* What was writable once counts for overcommit still, and is made so here. */
static bool needs_later_protection(const Cr__Mapping *mapping, bool has_contents)
{
	return (has_contents || mapping->is_accounted) && !(mapping->prot & PROT_WRITE);
}

/* Parts with different protections of what was one mapping of huge pages: they can become one again only if
 * they are made as one. */
static bool is_part_of_previous(const struct task *task, size_t index)
{
	const Cr__Mapping *mapping = task->memory->mappings[index], *previous;

	if (index == 0 || !(mapping->flags & MAP_HUGETLB) || task->mapping_states[index] & MAPPING_IS_KEPT ||
	    task->mapping_states[index - 1] & MAPPING_IS_KEPT)
		return false;
	previous = task->memory->mappings[index - 1];
	return previous->flags == mapping->flags && previous->end == mapping->start && mapping->offset != 0 &&
	       mapping->offset - previous->offset == previous->end - previous->start;
}

/* Where the last of its parts ends. */
static uint64_t end_of_parts(const struct task *task, size_t index)
{
	const Cr__Memory *memory = task->memory;

	while (index + 1 < memory->n_mappings && is_part_of_previous(task, index + 1))
		index++;
	return memory->mappings[index]->end;
}

static bool is_file(const Cr__Mapping *mapping)
{
	return mapping->kind == CR__MAPPING_KIND__MAPPING_FILE_PRIVATE ||
	       mapping->kind == CR__MAPPING_KIND__MAPPING_FILE_SHARED;
}

/* A segment of shared memory is attached as a whole; by its protection it may be several mappings. */
static const Cr__MappedFile *find_segment(const struct task *task, const Cr__Mapping *mapping)
{
	const Cr__MappedFile *file = is_file(mapping) ? task->memory->files[mapping->file] : NULL;

	return file && file->is_sysv ? file : NULL;
}

static void add_shmat(struct batch *batch, const Cr__MappedFile *segment, const Cr__Mapping *mapping)
{
	uint64_t flags =
		(mapping->may_not_write ? SHM_RDONLY : 0) | (mapping->prot & PROT_EXEC ? SHM_EXEC : 0);

	if (mapping->offset == 0)
		batch_call(batch, SYS_shmat, (uint64_t)segment->sysv_id, mapping->start, flags);
}

static void add_advice(struct batch *batch, const Cr__Mapping *mapping)
{
	for (size_t i = 0; i < mapping->n_advice; i++)
		batch_call(batch, SYS_madvise, mapping->start, mapping->end - mapping->start,
			   mapping->advice[i]);
}

static void add_huge_mmap(struct batch *batch, const struct task *task, size_t index)
{
	const Cr__Mapping *mapping = task->memory->mappings[index];

	if (!is_part_of_previous(task, index))
		batch_call(batch, SYS_mmap, mapping->start, end_of_parts(task, index) - mapping->start,
			   PROT_READ | PROT_WRITE,
			   mapping->flags | MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, UINT64_MAX, 0);
	add_advice(batch, mapping);
}

static void add_mmap(struct batch *batch, const struct task *task, const Cr__Mapping *mapping,
		     bool has_contents)
{
	uint64_t flags = mapping->flags | MAP_FIXED_NOREPLACE, prot = mapping->prot;
	int fd = -1;

	if (needs_later_protection(mapping, has_contents))
		prot = PROT_READ | PROT_WRITE;
	if (is_file(mapping))
		fd = task->mapped_fds[mapping->file];
	else
		flags |= MAP_ANONYMOUS;
	if (mapping->kind == CR__MAPPING_KIND__MAPPING_FILE_SHARED)
		flags |= MAP_SHARED;
	else if (!(mapping->flags & MAP_DROPPABLE))
		flags |= MAP_PRIVATE;
	batch_call(batch, SYS_mmap, mapping->start, mapping->end - mapping->start, prot, flags,
		   (uint64_t)(int64_t)fd, mapping->offset);
	if (mapping->name[0])
		batch_try(batch, SYS_prctl, PR_SET_VMA, PR_SET_VMA_ANON_NAME, mapping->start,
			  mapping->end - mapping->start, batch_string(batch, mapping->name));
	add_advice(batch, mapping);
}

/* What was kept of it becomes as large as it was, in place. */
static void add_growth(struct batch *batch, const Cr__Mapping *mapping, uint64_t kept_end)
{
	if (kept_end < mapping->end)
		batch_call(batch, SYS_mremap, mapping->start, kept_end - mapping->start,
			   mapping->end - mapping->start, 0);
}

static int map_all(struct task *task)
{
	const Cr__Memory *memory = task->memory;

	for (size_t i = 0; i < memory->n_mappings; i++) {
		const Cr__Mapping *mapping = memory->mappings[i];
		struct batch *batch = room(task, strlen(mapping->name) + 1 + MEMORY_POLICY_NODES_MAX / 8);

		if (!batch)
			return -EIO;
		if (task->mapping_states[i] & MAPPING_IS_KEPT)
			add_growth(batch, mapping, task->kept_ends[i]);
		else if (find_segment(task, mapping))
			add_shmat(batch, find_segment(task, mapping), mapping);
		else if (mapping->flags & MAP_HUGETLB)
			add_huge_mmap(batch, task, i);
		else if (!is_mapped_elsewhere(mapping))
			add_mmap(batch, task, mapping, task->mapping_states[i] & MAPPING_HAS_CONTENTS);
		memory_policy_add(batch, mapping);
	}
	return 0;
}

/* It came with the copy of whoever made it; the kernel refuses to set it while it is mapped. */
static bool has_exe(const struct task *task)
{
	char own_name[64], wanted_name[64];
	cleanup_free char *own = NULL, *wanted = NULL;
	struct stat own_stat, wanted_stat;

	snprintf(own_name, sizeof(own_name), "/proc/%d/exe", task->image->pid);
	snprintf(wanted_name, sizeof(wanted_name), "/proc/self/fd/%d", task->exe_fd);
	return task->is_late && stat(own_name, &own_stat) == 0 && fstat(task->exe_fd, &wanted_stat) == 0 &&
	       own_stat.st_dev == wanted_stat.st_dev && own_stat.st_ino == wanted_stat.st_ino &&
	       file_readlink_at(AT_FDCWD, own_name, &own) == 0 &&
	       file_readlink_at(AT_FDCWD, wanted_name, &wanted) == 0 && strcmp(own, wanted) == 0;
}

/* What /proc/PID shows of the layout; also the executable (PR_SET_MM_MAP, prctl(2)). */
static int set_layout(struct task *task)
{
	const Cr__Memory *memory = task->memory;
	struct batch *batch = room(task, memory->auxv.len + sizeof(struct prctl_mm_map));
	struct prctl_mm_map map = {
		.start_code = memory->start_code,
		.end_code = memory->end_code,
		.start_data = memory->start_data,
		.end_data = memory->end_data,
		.start_brk = memory->start_brk,
		.brk = memory->brk,
		.start_stack = memory->start_stack,
		.arg_start = memory->arg_start,
		.arg_end = memory->arg_end,
		.env_start = memory->env_start,
		.env_end = memory->env_end,
		.auxv_size = (uint32_t)memory->auxv.len,
		.exe_fd = (uint32_t)(has_exe(task) ? -1 : task->exe_fd),
	};

	if (!batch)
		return -EIO;
	map.auxv = (void *)(uintptr_t)batch_data(batch, memory->auxv.data, memory->auxv.len);
	batch->purpose = "setting its executable and the bounds of its memory";
	batch_call(batch, SYS_prctl, PR_SET_MM, PR_SET_MM_MAP, batch_data(batch, &map, sizeof(map)),
		   sizeof(map), 0);
	return 0;
}

int memory_empty(struct puppet *puppet, const struct vma_list *own)
{
	int r;

	(void)puppet_batch(puppet);
	forget_registrations(puppet);
	r = unmap_all(puppet, own, NULL);
	return r < 0 ? r : puppet_run(puppet, EMPTYING);
}

int memory_build(struct task *task, const struct vma_list *vmas)
{
	int r = inherit_plan(task);

	if (r < 0)
		return r;
	(void)puppet_batch(leader(task));
	/* Others are empty when they are made. */
	if (task->is_late)
		r = unmap_all(leader(task), vmas, task);
	if (r == 0)
		r = move_special(task, vmas);
	if (r == 0)
		r = map_all(task);
	if (r == 0)
		r = set_layout(task);
	if (r == 0)
		r = inherit_add_drops(task);
	if (r == 0)
		r = puppet_run(leader(task), BUILDING);
	return r < 0 ? r : inherit_finish(task);
}

static int add_guards(struct task *task)
{
	const Cr__Memory *memory = task->memory;

	for (size_t i = 0; i < memory->n_guard_pages; i++) {
		struct batch *batch = room(task, 0);

		if (!batch)
			return -EIO;
		batch_call(batch, SYS_madvise, memory->guard_pages[i] * PAGE_SIZE_BYTES,
			   memory->guard_counts[i] * PAGE_SIZE_BYTES, CR_MADV_GUARD_INSTALL);
	}
	return 0;
}

static void add_protection(struct batch *batch, const Cr__Memory *memory, const Cr__Mapping *mapping,
			   unsigned char state)
{
	uint64_t size = mapping->end - mapping->start;

	if (state & MAPPING_IS_KEPT || mapping->flags & MAP_HUGETLB ||
	    needs_later_protection(mapping, state & MAPPING_HAS_CONTENTS))
		batch_call(batch, SYS_mprotect, mapping->start, size, mapping->prot);
	/* Without access, or with guards, it is marked as locked, but its pages cannot be brought in, which
	 * is an error. */
	if (mapping->is_locked && (mapping->prot == PROT_NONE || memory->n_guard_pages > 0))
		batch_try(batch, SYS_mlock2, mapping->start, size,
			  mapping->is_locked_on_fault ? MLOCK_ONFAULT : 0);
	else if (mapping->is_locked)
		batch_call(batch, SYS_mlock2, mapping->start, size,
			   mapping->is_locked_on_fault ? MLOCK_ONFAULT : 0);
	if (mapping->is_sealed)
		batch_call(batch, SYS_mseal, mapping->start, size, 0);
}

int memory_add_protections(struct task *task)
{
	const Cr__Memory *memory = task->memory;
	int r = add_guards(task);

	if (r < 0)
		return r;
	for (size_t i = 0; i < memory->n_mappings; i++) {
		struct batch *batch = room(task, 0);

		if (!batch)
			return -EIO;
		if (!special_name(memory->mappings[i]->kind) &&
		    memory->mappings[i]->kind != CR__MAPPING_KIND__MAPPING_RING)
			add_protection(
				batch, memory, memory->mappings[i],
				task->mapping_states[i] |
					(find_segment(task, memory->mappings[i]) ? MAPPING_IS_KEPT : 0));
	}
	if (memory->lock_future)
		batch_call(leader(task)->batch, SYS_mlockall, memory->lock_future);
	return 0;
}

int memory_find_syscall_instruction(const struct task *task, struct remote_address *ret_instruction)
{
	static const unsigned char instruction[] = {0x0f, 0x05};
	const size_t size = sizeof(instruction);
	const Cr__Mapping *vdso = find_special(task->memory, "[vdso]");
	pid_t pid = task->threads[0].puppet.tracee.tid;
	int r = vdso ? remote_find(pid, vdso->start, vdso->end, instruction, size, ret_instruction) : -ENOENT;

	for (size_t i = 0; r == -ENOENT && i < task->memory->n_mappings; i++) {
		const Cr__Mapping *mapping = task->memory->mappings[i];

		if ((mapping->prot & (PROT_READ | PROT_EXEC)) == (PROT_READ | PROT_EXEC) &&
		    !special_name(mapping->kind))
			r = remote_find(pid, mapping->start, mapping->end, instruction, size,
					ret_instruction);
	}
	return r;
}
