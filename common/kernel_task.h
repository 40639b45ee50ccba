/* SPDX-License-Identifier: MIT */
/* Finds threads in the kernel's memory. */
#pragma once

#include "common/kernel_memory.h"

/* The way from a pidfd to its thread. */
struct kernel_task_path {
	struct kernel_member file_private, file_inode, inode_private, pid_tasks, task_links;
};

int must_check kernel_task_path_find(struct kernel_types *types, struct kernel_task_path *ret);

/*
 * The struct task_struct of PIDFD, a descriptor of the calling thread: of the process's main thread, or of
 * another if that has ended; of the thread itself, if it is the pidfd of a thread. -ESRCH if it is gone.
 */
int must_check kernel_memory_task(struct kernel_memory *memory, const struct kernel_descriptors *descriptors,
				  const struct kernel_task_path *path, int pidfd,
				  struct kernel_address *ret_task);
