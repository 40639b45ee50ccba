/* SPDX-License-Identifier: MIT */
/* References to an open file description. */
#include "common/file_references.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

struct file_references {
	struct kernel_memory *memory;
	struct kernel_descriptors descriptors;
	struct kernel_member file_count;
	bool is_one_less; /* the kernel counts from 0 on */
};

void file_references_free(struct file_references *references)
{
	if (references->memory)
		kernel_memory_free(references->memory);
	free(references);
}

/* Linux 6.13 has another counter than before. */
static int find_members(struct kernel_types *types, struct file_references *references)
{
	int r = kernel_descriptors_find(types, &references->descriptors);

	if (r < 0)
		return r;
	r = kernel_types_find(types, "file.f_ref", &references->file_count);
	references->is_one_less = r == 0;
	return r == -ENOENT ? kernel_types_find(types, "file.f_count", &references->file_count) : r;
}

int file_references_open(struct file_references **ret_references)
{
	cleanup_(file_references_freep) struct file_references *references = calloc(1, sizeof(*references));
	cleanup_(kernel_types_freep) struct kernel_types *types = NULL;
	int r;

	if (!references)
		return -ENOMEM;
	r = kernel_types_open(&types);
	if (r == 0)
		r = find_members(types, references);
	if (r == 0)
		r = kernel_memory_open(&references->memory);
	if (r < 0)
		return r;
	*ret_references = take_ptr(references);
	return 0;
}

int file_references_count(struct file_references *references, int fd, uint64_t *ret_count)
{
	struct kernel_address file;
	uint64_t count;
	int r = kernel_memory_own_file(references->memory, &references->descriptors, fd, &file);

	if (r == 0)
		r = kernel_memory_read_member(references->memory, file, &references->file_count, &count);
	if (r == 0)
		*ret_count = count + references->is_one_less;
	return r;
}
