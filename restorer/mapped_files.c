/* SPDX-License-Identifier: MIT */
/* The files that the processes have mapped. */
#include "restorer/mapped_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/vector.h"
#include "restorer/ghosts.h"

struct mapped_file {
	const Cr__MappedFile *image; /* borrowed from the first task that maps it */
	int fd;
};

static uint64_t hash(const Cr__MappedFile *file)
{
	uint64_t value = (file->is_writable ? 1 : 0) + ((uint64_t)file->ghost_id << 1);

	for (const char *at = file->path; *at; at++)
		value = (value ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
	return value;
}

static bool is_same(const Cr__MappedFile *left, const Cr__MappedFile *right)
{
	return left->is_writable == right->is_writable && left->ghost_id == right->ghost_id &&
	       strcmp(left->path, right->path) == 0;
}

static int open_new(struct restore *restore, const Cr__MappedFile *file, int *ret_fd)
{
	int flags = file->is_writable ? O_RDWR : O_RDONLY, fd;

	if (file->ghost_id)
		return ghosts_open(restore, file->ghost_id, file->path, flags, ret_fd);
	fd = open(file->path, flags | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return log_error_errno(-errno, "cannot open '%s', which is mapped", file->path);
	*ret_fd = fd;
	return 0;
}

static int open_file(struct restore *restore, const Cr__MappedFile *file, int *ret_fd)
{
	cleanup_close int fd = -EBADF;
	struct mapped_file *slot;
	uint64_t known;
	int r;

	if (id_map_get(&restore->mapped_files_by_path, hash(file), &known) &&
	    is_same(restore->mapped_files[known].image, file)) {
		*ret_fd = restore->mapped_files[known].fd;
		return 0;
	}
	r = open_new(restore, file, &fd);
	if (r < 0)
		return r;
	slot = vector_append(restore, mapped_files);
	r = slot ? id_map_set(&restore->mapped_files_by_path, hash(file), restore->mapped_files_count - 1)
		 : -ENOMEM;
	if (r < 0)
		return log_error_errno(r, "cannot open the mapped files");
	*slot = (struct mapped_file){.image = file, .fd = fd};
	*ret_fd = take_fd(&fd);
	return 0;
}

static int open_for_task(struct restore *restore, struct task *task)
{
	const Cr__Memory *memory = task->memory;

	if (!task_owns(task, SHARED_MEMORY))
		return 0;
	task->mapped_fds = calloc(memory->n_files + 1, sizeof(int));
	if (!task->mapped_fds)
		return log_error_errno(-ENOMEM, "cannot open the mapped files");
	for (size_t i = 0; i < memory->n_files; i++) {
		int r = open_file(restore, memory->files[i], &task->mapped_fds[i]);

		if (r < 0)
			return r;
	}
	return open_file(restore, memory->exe, &task->exe_fd);
}

int mapped_files_open(struct restore *restore)
{
	return restore_each_task(restore, open_for_task);
}

void mapped_files_done(struct restore *restore)
{
	for (size_t i = 0; i < restore->mapped_files_count; i++)
		close_fd(&restore->mapped_files[i].fd);
	free(restore->mapped_files);
	restore->mapped_files = NULL;
	restore->mapped_files_count = restore->mapped_files_capacity = 0;
	id_map_done(&restore->mapped_files_by_path);
	restore->mapped_files_by_path = (struct id_map){0};
}
