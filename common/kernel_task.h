/* SPDX-License-Identifier: MIT */
/* What the kernel notes of threads, and tells by no system call. */
#pragma once

#include "common/kernel_memory.h"

/* What is needed to look at threads. */
struct kernel_tasks {
	struct kernel_memory *memory;
	struct kernel_descriptors descriptors;
	struct kernel_member file_private, file_inode, inode_private, pid_tasks, task_links;
};

/* Finds the COUNT MEMBERS as well. As kernel_memory_open() and kernel_types_open(); closed in any case. */
int must_check kernel_tasks_open(struct kernel_tasks *tasks, const struct kernel_member_path *members,
				 size_t count);
void kernel_tasks_close(struct kernel_tasks *tasks);

/*
 * The struct task_struct of PIDFD, a descriptor of the calling thread: of the process's main thread, or of
 * another if that has ended; of the thread itself, if it is the pidfd of a thread. -ESRCH if it is gone.
 */
int must_check kernel_tasks_locate(struct kernel_tasks *tasks, int pidfd, struct kernel_address *ret_task);
