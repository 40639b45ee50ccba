/* SPDX-License-Identifier: MIT */
/*
 * Where the executor can stand in the memory of a task that must not notice: in bytes that are executable,
 * belong to nothing, and are the same for all once they are put back.
 *
 * * The unused end of the vdso: behind what is loaded of it are section headers that nothing reads.
 * * Without a vdso, the padding of a program or library: what lies in the last page of a private mapping of
 *   its code, behind the end of that segment. It has to be zero, and the mapping not writable.
 *
 * Either way the task gets a private copy of one page. If we die it stays as it is: somewhere else than
 * there the task never runs, and reads. The next one finds it by the signature at the executor's start, and
 * takes it for zero again.
 */
#pragma once

#include "common/arch/x86_64/executor.h"
#include "common/proc/maps.h"
#include "common/tracee/remote_memory.h"

struct borrow_place {
	int mem_fd; /* /proc/PID/mem; owned */
	struct remote_address blob;
	size_t size;                  /* of the room */
	size_t used_size;             /* of what has been written there */
	bool is_occupied;             /* a thread could not be brought out, and will leave by itself */
	struct remote_address region; /* where one has been mapped before, and can be again; 0: nowhere */
	/* Those of the process by which it may not map a region. Raised by whom: see borrow_begin(). */
	struct executor_limit limits[EXECUTOR_LIMITS_MAX];
	unsigned limits_count;
	unsigned char saved[4096]; /* what was there */
};

/* Finds room in the memory of the process at PROC_FD, all of VMAS. -ENOSPC if there is none. */
int must_check borrow_place_find(struct borrow_place *place, int proc_fd, const struct vma_list *vmas);
/* Puts the bytes back and closes mem_fd. */
void borrow_place_done(struct borrow_place *place);
