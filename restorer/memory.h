/* SPDX-License-Identifier: MIT */
/* The address space of a restored process. */
#pragma once

#include "common/proc/maps.h"
#include "restorer/restore.h"

/*
 * Finds PUPPET_HOME_SIZE bytes that are free in this process as well as in what TASK is to become. -ENOSPC if
 * there are none.
 */
int must_check memory_find_home(const struct task *task, struct remote_address *ret_home);

/*
 * Opens what TASK maps, before its puppet is made, which inherits the descriptors under the same numbers. The
 * caller frees memory_files_done() after memory_build().
 */
struct memory_files {
	int *fds; /* by index in Memory.files */
	size_t fds_count;
	int exe_fd;
};
int must_check memory_files_open(const struct task *task, struct memory_files *ret_files);
void memory_files_done(struct memory_files *files);

/* Empties the puppet's address space and makes the mappings of TASK, without contents. */
int must_check memory_build(struct task *task, const struct memory_files *files);

/* Fills the pages from the member that READER stands at. */
struct progress;
int must_check memory_fill(struct task *task, struct archive_reader *reader, struct progress *progress,
			   uint64_t *done);

/* Protections, locks and seals, which stand in the way of filling. */
int must_check memory_protect(struct task *task);

/* A syscall instruction in the vdso of TASK, once it is in its place. */
int must_check memory_find_syscall_instruction(const struct task *task,
					       struct remote_address *ret_instruction);
