/* SPDX-License-Identifier: MIT */
/*
 * What the kernel is to do to semaphores when a process ends (semop(2), SEM_UNDO). No system call tells; it
 * is looked at in the kernel's memory.
 */
#pragma once

#include <stdbool.h>

#include "common/kernel_memory.h"

struct semaphore_undo {
	int32_t set_id;
	size_t count;         /* semaphores in the set */
	int16_t *adjustments; /* owned */
};

struct semaphore_undo_list {
	uint64_t identity; /* equal for processes that share it (CLONE_SYSVSEM); 0: there is none */
	bool is_split;     /* its threads have several */
	struct semaphore_undo *undos;
	size_t undos_count, undos_capacity;
};

struct semaphore_undo_reader;

/* Errors: those of kernel_memory_open() and kernel_types_open(). */
int must_check semaphore_undo_open(struct semaphore_undo_reader **ret_reader);
void semaphore_undo_close(struct semaphore_undo_reader *reader);
DEFINE_FREEP(semaphore_undo_reader, semaphore_undo_close)

/*
 * Those of the process of PIDFD, a descriptor of the calling thread, which must not run meanwhile. COUNT_OF
 * tells how many semaphores a set has, 0 if there is no such any more.
 */
int must_check semaphore_undo_read(struct semaphore_undo_reader *reader, int pidfd,
				   size_t (*count_of)(int32_t set_id), struct semaphore_undo_list *ret_list);
void semaphore_undo_list_done(struct semaphore_undo_list *list);
