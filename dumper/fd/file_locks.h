/* SPDX-License-Identifier: MIT */
/* File locks and leases of the open files that are dumped. */
#pragma once

#include "dumper/fd/fd_dumper.h"
#include "dumper/fd/fd_info.h"

/*
 * Takes the locks that a descriptor of PROCESS shows, into FILE->image and the manifest, those of the open
 * file once however many descriptors it has. Blockers without --file-locks.
 */
int must_check file_locks_collect(struct dump *dump, const struct process *process,
				  const struct fd_info *info, struct open_file *file);

/* Once all are collected: who waits for them, or for whom the tree waits. */
int must_check file_locks_check(struct dump *dump);
