/* SPDX-License-Identifier: MIT */
/* Finds threads in the kernel's memory. */
#include "common/kernel_task.h"

#include <errno.h>
#include <sys/statfs.h>

#ifndef PID_FS_MAGIC
#define PID_FS_MAGIC 0x50494446
#endif

int kernel_task_path_find(struct kernel_types *types, struct kernel_task_path *ret)
{
	const struct kernel_member_path members[] = {
		{"file.private_data", &ret->file_private},   {"file.f_inode", &ret->file_inode},
		{"inode.i_private", &ret->inode_private},    {"pid.tasks", &ret->pid_tasks},
		{"task_struct.pid_links", &ret->task_links},
	};

	return kernel_types_find_all(types, members, ARRAY_SIZE(members));
}

int kernel_memory_task(struct kernel_memory *memory, const struct kernel_descriptors *descriptors,
		       const struct kernel_task_path *path, int pidfd, struct kernel_address *ret_task)
{
	struct kernel_address at;
	struct statfs filesystem;
	int r = kernel_memory_own_file(memory, descriptors, pidfd, &at);

	if (r < 0)
		return r;
	if (fstatfs(pidfd, &filesystem) == 0 && filesystem.f_type == PID_FS_MAGIC) {
		r = kernel_memory_read_pointer(memory, at, path->file_inode.offset, &at);
		if (r == 0)
			r = kernel_memory_read_pointer(memory, at, path->inode_private.offset, &at);
	} else {
		r = kernel_memory_read_pointer(memory, at, path->file_private.offset, &at);
	}
	/* The first of its lists is that of the task itself, PIDTYPE_PID. */
	if (r == 0)
		r = kernel_memory_read_pointer(memory, at, path->pid_tasks.offset, &at);
	if (r < 0)
		return r;
	if (at.value == 0)
		return -ESRCH;
	ret_task->value = at.value - path->task_links.offset;
	return 0;
}
