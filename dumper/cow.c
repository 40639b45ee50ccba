/* SPDX-License-Identifier: MIT */
/* Pages that are shared copy-on-write with the parent. */
#include "dumper/cow.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/log.h"
#include "common/uapi_pagemap.h"
#include "dumper/sharing.h"
#include "dumper/tree.h"
#include "format/task/memory_twin.h"

static const struct process *find_parent(const struct dump *dump, const struct process *process)
{
	const struct process *parent = tree_find_process(dump, process->stat.ppid);

	return parent ? &dump->processes[parent->owners[SHARED_MEMORY]] : NULL;
}

static int open_pagemap(const struct process *process, int *ret_fd)
{
	int fd = openat(process->proc_fd, "pagemap", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return log_error_errno(-errno, "cannot open /proc/%d/pagemap", process->pidref.pid);
	*ret_fd = fd;
	return 0;
}

int cow_begin(struct cow *cow, const struct dump *dump, const struct process *process)
{
	const struct process *parent = find_parent(dump, process);
	int r;

	*cow = COW_NONE;
	r = open_pagemap(process, &cow->own_fd);
	/* Without it page frames are told as 0. */
	if (r < 0 || !parent || parent == process || !parent->memory ||
	    !kernel_features_has_cap(&dump->features, CAP_SYS_ADMIN))
		return r;
	r = open_pagemap(parent, &cow->parent_fd);
	cow->parent = parent->memory;
	cow->memory = process->memory;
	return r;
}

void cow_done(struct cow *cow)
{
	close_fd(&cow->own_fd);
	close_fd(&cow->parent_fd);
}

uint64_t cow_twin_end(struct cow *cow, size_t index)
{
	return cow->parent ? memory_twin_end(cow->parent, cow->memory, index, &cow->position) : 0;
}

static int read_entries(int pagemap_fd, uint64_t page, size_t count, uint64_t *ret_entries)
{
	int r = file_pread_full(pagemap_fd, ret_entries, count * sizeof(*ret_entries),
				(off_t)(page * sizeof(*ret_entries)));

	return r < 0 ? log_error_errno(r, "cannot look at its page table") : 0;
}

/* The entries of COUNT pages from PAGE on, which stay until the next call. */
static int look_ahead(struct cow *cow, uint64_t page, size_t count, const uint64_t **ret_entries)
{
	const uint64_t end = COW_USER_SPACE_END / PAGE_SIZE_BYTES;
	size_t ahead = COW_PAGES_MAX;
	int r = 0;

	if (page < cow->window_page || page + count > cow->window_page + cow->window_count) {
		if (page + ahead > end)
			ahead = page + count > end ? count : (size_t)(end - page);
		cow->window_count = 0;
		r = read_entries(cow->own_fd, page, ahead, cow->window);
		if (r < 0)
			return r;
		cow->window_page = page;
		cow->window_count = ahead;
	}
	*ret_entries = cow->window + (page - cow->window_page);
	return r;
}

int cow_look(struct cow *cow, uint64_t page, size_t count, bool is_twin, struct cow_pages *ret_pages)
{
	const uint64_t where = UAPI_PAGEMAP_PRESENT | UAPI_PAGEMAP_SWAPPED | UAPI_PAGEMAP_PFN_MASK;
	uint64_t parent[COW_PAGES_MAX] = {0};
	const uint64_t *own;
	int r = look_ahead(cow, page, count, &own);

	if (r == 0 && is_twin)
		r = read_entries(cow->parent_fd, page, count, parent);
	if (r < 0)
		return r;
	ret_pages->is_exclusive = true;
	for (size_t i = 0; i < count; i++) {
		ret_pages->is_of_parent[i] = is_twin && (own[i] & UAPI_PAGEMAP_PFN_MASK) != 0 &&
					     (own[i] & where) == (parent[i] & where);
		if (own[i] & UAPI_PAGEMAP_PRESENT && !(own[i] & UAPI_PAGEMAP_EXCLUSIVE))
			ret_pages->is_exclusive = false;
	}
	return 0;
}
