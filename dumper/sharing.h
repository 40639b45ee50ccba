/* SPDX-License-Identifier: MIT */
/* What processes, not only their threads, share with each other: clone(2) with CLONE_VM and the like. */
#pragma once

#include "dumper/dump.h"

/* Fills in process->owners of all processes. */
int must_check sharing_find(struct dump *dump);

/* The same, when they have been put into another order, each with the owners that it had before. */
int must_check sharing_renumber(struct dump *dump);

static inline bool sharing_is_owner(const struct dump *dump, const struct process *process,
				    enum shared_resource resource)
{
	return &dump->processes[process->owners[resource]] == process;
}
