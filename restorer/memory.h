/* SPDX-License-Identifier: MIT */
/* The address space of a restored process. */
#pragma once

#include "common/proc/maps.h"
#include "restorer/restore.h"

/*
 * Finds PUPPET_HOME_SIZE bytes that are free in this process as well as in what all tasks are to become.
 * -ENOSPC if there are none. *RET_OWN: the mappings of this process, to be freed by vma_list_done(); the
 * kernel's own among them are where each puppet has them until its memory is built.
 */
int must_check memory_find_home(const struct restore *restore, struct vma_list *ret_own,
				struct remote_address *ret_home);

/* Removes all that a puppet has from this process, but for the executor and the kernel's own mappings. */
int must_check memory_empty(struct puppet *puppet, const struct vma_list *own);

/* Of a process, to be freed by vma_list_done(). */
int must_check memory_read_vmas(pid_t pid, struct vma_list *ret_list);

/*
 * Makes the mappings of TASK, without contents but those that it has in common with its parent. VMAS are
 * where the kernel's own mappings are before; and, if its puppet is not empty, all that are in it.
 */
int must_check memory_build(struct task *task, const struct vma_list *vmas);

/* Fills the pages from the member that READER stands at. */
struct progress;
int must_check memory_fill(struct task *task, struct archive_reader *reader, struct progress *progress,
			   uint64_t *done);

/* Adds to the batch that has been begun: protections, locks and seals, which stand in the way of filling. */
int must_check memory_add_protections(struct task *task);

/* A syscall instruction in the memory of TASK, once all is in its place: in the vdso, or else in its own
 * code. */
int must_check memory_find_syscall_instruction(const struct task *task,
					       struct remote_address *ret_instruction);
