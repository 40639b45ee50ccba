/* SPDX-License-Identifier: MIT */
/* Finds threads in the kernel's memory. */
#include "common/kernel_task.h"

#include <errno.h>
#include <sys/statfs.h>

#ifndef PID_FS_MAGIC
#define PID_FS_MAGIC 0x50494446
#endif

void kernel_tasks_close(struct kernel_tasks *tasks)
{
	if (tasks->memory)
		kernel_memory_free(tasks->memory);
	tasks->memory = NULL;
}

int kernel_tasks_open(struct kernel_tasks *tasks, const struct kernel_member_path *members, size_t count)
{
	const struct kernel_member_path own[] = {
		{"file.private_data", &tasks->file_private},   {"file.f_inode", &tasks->file_inode},
		{"inode.i_private", &tasks->inode_private},    {"pid.tasks", &tasks->pid_tasks},
		{"task_struct.pid_links", &tasks->task_links},
	};
	cleanup_(kernel_types_freep) struct kernel_types *types = NULL;
	int r;

	tasks->memory = NULL;
	r = kernel_types_open(&types);
	if (r == 0)
		r = kernel_descriptors_find(types, &tasks->descriptors);
	if (r == 0)
		r = kernel_types_find_all(types, own, ARRAY_SIZE(own));
	if (r == 0)
		r = kernel_types_find_all(types, members, count);
	return r < 0 ? r : kernel_memory_open(&tasks->memory);
}

int kernel_tasks_locate(struct kernel_tasks *tasks, int pidfd, struct kernel_address *ret_task)
{
	struct kernel_memory *memory = tasks->memory;
	struct kernel_address at;
	struct statfs filesystem;
	int r = kernel_memory_own_file(memory, &tasks->descriptors, pidfd, &at);

	if (r < 0)
		return r;
	if (fstatfs(pidfd, &filesystem) == 0 && filesystem.f_type == PID_FS_MAGIC) {
		r = kernel_memory_read_pointer(memory, at, tasks->file_inode.offset, &at);
		if (r == 0)
			r = kernel_memory_read_pointer(memory, at, tasks->inode_private.offset, &at);
	} else {
		r = kernel_memory_read_pointer(memory, at, tasks->file_private.offset, &at);
	}
	/* The first of its lists is that of the task itself, PIDTYPE_PID. */
	if (r == 0)
		r = kernel_memory_read_pointer(memory, at, tasks->pid_tasks.offset, &at);
	if (r < 0)
		return r;
	if (at.value == 0)
		return -ESRCH;
	ret_task->value = at.value - tasks->task_links.offset;
	return 0;
}
