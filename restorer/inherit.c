/* SPDX-License-Identifier: MIT */
/* Memory that a process has in common with its parent. */
#include "restorer/inherit.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/proc/proc_dir.h"
#include "common/tracee/remote_memory.h"
#include "format/task/memory_twin.h"

#define DROPPING "dropping pages of its parent"
#define COPY_SIZE ((size_t)256 * 1024)

/* Marks the mappings in which one of the runs lies; both ascend. */
static void mark(struct task *task, size_t count, const uint64_t *pages, const uint64_t *counts,
		 unsigned char state)
{
	const Cr__Memory *memory = task->memory;
	size_t run = 0;

	for (size_t i = 0; i < memory->n_mappings; i++) {
		while (run < count &&
		       (pages[run] + counts[run]) * PAGE_SIZE_BYTES <= memory->mappings[i]->start)
			run++;
		if (run < count && pages[run] * PAGE_SIZE_BYTES < memory->mappings[i]->end)
			task->mapping_states[i] |= state;
	}
}

int inherit_plan(struct task *task)
{
	const Cr__Memory *memory = task->memory;
	size_t position = 0;

	task->mapping_states = calloc(memory->n_mappings + 1, 1);
	task->kept_ends = calloc(memory->n_mappings + 1, sizeof(*task->kept_ends));
	if (!task->mapping_states || !task->kept_ends)
		return log_error_errno(-ENOMEM, "cannot plan its memory");
	mark(task, memory->n_run_pages, memory->run_pages, memory->run_counts, MAPPING_HAS_CONTENTS);
	mark(task, memory->n_parent_pages, memory->parent_pages, memory->parent_counts,
	     task->is_made_by_parent ? MAPPING_HAS_CONTENTS | MAPPING_IS_KEPT : MAPPING_HAS_CONTENTS);
	for (size_t i = 0; i < memory->n_mappings; i++)
		if (task->mapping_states[i] & MAPPING_IS_KEPT)
			task->kept_ends[i] = memory_twin_end(task->parent->memory, memory, i, &position);
	return 0;
}

/* Adds a call that drops START..END, which the child does not have in common. */
static int drop(struct task *task, uint64_t start, uint64_t end)
{
	struct puppet *puppet = task_puppet(task);

	if (start >= end)
		return 0;
	if (batch_is_nearly_full(puppet->batch, 1, 0)) {
		int r = puppet_run(puppet, DROPPING);

		if (r < 0)
			return r;
		puppet_batch(puppet)->purpose = DROPPING;
	}
	batch_call(puppet->batch, SYS_madvise, start, end - start, MADV_DONTNEED);
	return 0;
}

int inherit_add_drops(struct task *task)
{
	const Cr__Memory *memory = task->memory;
	size_t run = 0;
	int r = 0;

	task_puppet(task)->batch->purpose = DROPPING;
	for (size_t i = 0; r == 0 && i < memory->n_mappings; i++) {
		uint64_t at = memory->mappings[i]->start, end = task->kept_ends[i];

		if (!(task->mapping_states[i] & MAPPING_IS_KEPT))
			continue;
		while (run < memory->n_parent_pages &&
		       (memory->parent_pages[run] + memory->parent_counts[run]) * PAGE_SIZE_BYTES <= at)
			run++;
		/* The last run may go on into the next mapping: it is looked at again there. */
		for (size_t k = run; r == 0 && k < memory->n_parent_pages; k++) {
			uint64_t start = memory->parent_pages[k] * PAGE_SIZE_BYTES;

			if (start >= end)
				break;
			r = drop(task, at, start);
			at = start + memory->parent_counts[k] * PAGE_SIZE_BYTES;
		}
		if (r == 0)
			r = drop(task, at, end);
	}
	task_puppet(task)->batch->purpose = NULL;
	return r;
}

static int copy_all(const struct task *task)
{
	cleanup_free unsigned char *buffer = malloc(COPY_SIZE);
	const Cr__Memory *memory = task->memory;
	pid_t parent = task->parent->image->pid, pid = task->image->pid;

	if (!buffer)
		return log_error_errno(-ENOMEM, "cannot copy pages of its parent");
	for (size_t i = 0; i < memory->n_parent_pages; i++) {
		uint64_t at = memory->parent_pages[i] * PAGE_SIZE_BYTES;
		uint64_t end = at + memory->parent_counts[i] * PAGE_SIZE_BYTES;

		while (at < end) {
			size_t size = (size_t)MIN(end - at, (uint64_t)COPY_SIZE);
			int r = remote_read(parent, remote_address(at), buffer, size);

			if (r == 0)
				r = remote_write(pid, remote_address(at), buffer, size);
			if (r < 0)
				return log_error_errno(r, "cannot copy pages of its parent");
			at += size;
		}
	}
	return 0;
}

int inherit_finish(const struct task *task)
{
	return task->memory->n_parent_pages > 0 && !task->is_made_by_parent ? copy_all(task) : 0;
}
