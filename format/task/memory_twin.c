/* SPDX-License-Identifier: MIT */
/* Pages that a process has in common with its parent. */
#include "format/task/memory_twin.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

#include "common/log.h"
#include "format/task/memory_policy.h"

#define PAGE_BYTES UINT64_C(4096)
#define MAP_DROPPABLE_FLAG 0x08 /* MAP_DROPPABLE, newer than many systems' headers */

static bool is_private(const Cr__Mapping *mapping)
{
	return mapping->kind == CR__MAPPING_KIND__MAPPING_ANONYMOUS ||
	       mapping->kind == CR__MAPPING_KIND__MAPPING_FILE_PRIVATE;
}

/* Whether fork(2) hands it on as it is. */
static bool is_inherited(const Cr__Mapping *mapping)
{
	for (size_t i = 0; i < mapping->n_advice; i++)
		if (mapping->advice[i] == MADV_DONTFORK || mapping->advice[i] == MADV_WIPEONFORK)
			return false;
	return !(mapping->flags & MAP_DROPPABLE_FLAG);
}

static bool is_same_file(const Cr__MappedFile *left, const Cr__MappedFile *right)
{
	return strcmp(left->path, right->path) == 0 && left->inode == right->inode &&
	       left->ghost_id == right->ghost_id && left->is_writable == right->is_writable;
}

static bool is_alike(const Cr__Memory *parent, const Cr__Mapping *left, const Cr__Memory *child,
		     const Cr__Mapping *right)
{
	if (left->kind != right->kind || left->flags != right->flags ||
	    left->is_accounted != right->is_accounted || left->n_advice != right->n_advice ||
	    strcmp(left->name, right->name) != 0 || !memory_policy_is_same(left->policy, right->policy))
		return false;
	if (left->n_advice > 0 &&
	    memcmp(left->advice, right->advice, left->n_advice * sizeof(*left->advice)) != 0)
		return false;
	if (left->kind != CR__MAPPING_KIND__MAPPING_FILE_PRIVATE)
		return true;
	return left->offset + (right->start - left->start) == right->offset && left->file < parent->n_files &&
	       right->file < child->n_files &&
	       is_same_file(parent->files[left->file], child->files[right->file]);
}

uint64_t memory_twin_end(const Cr__Memory *parent, const Cr__Memory *child, size_t index, size_t *position)
{
	const Cr__Mapping *mapping = child->mappings[index], *twin;

	if (!is_private(mapping) || !is_inherited(mapping))
		return 0;
	while (*position < parent->n_mappings && parent->mappings[*position]->end <= mapping->start)
		(*position)++;
	if (*position == parent->n_mappings)
		return 0;
	twin = parent->mappings[*position];
	if (twin->start > mapping->start || !is_alike(parent, twin, child, mapping))
		return 0;
	/* One that grows down does so from another end; one of huge pages does not grow. */
	if (mapping->flags & (MAP_GROWSDOWN | MAP_HUGETLB) &&
	    (twin->start != mapping->start || twin->end != mapping->end))
		return 0;
	return twin->end < mapping->end ? twin->end : mapping->end;
}

int memory_check_twins(const Cr__Memory *parent, const Cr__Memory *child)
{
	size_t position = 0, index = 0;

	for (size_t i = 0; i < child->n_parent_pages; i++) {
		uint64_t start = child->parent_pages[i] * PAGE_BYTES;
		uint64_t end = start + child->parent_counts[i] * PAGE_BYTES;

		/* A run may go over from one mapping into the next. */
		while (index < child->n_mappings && child->mappings[index]->end <= start)
			index++;
		for (; start < end; start = child->mappings[index++]->end) {
			uint64_t part = index < child->n_mappings
						? memory_twin_end(parent, child, index, &position)
						: 0;

			if (part >= end)
				break;
			if (part > 0 && part == child->mappings[index]->end)
				continue;
			log_error("bad archive: the pages at %#" PRIx64
				  " cannot be those of its parent, which has no such mapping",
				  start);
			return -EBADMSG;
		}
	}
	return 0;
}
