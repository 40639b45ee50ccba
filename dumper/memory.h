/* SPDX-License-Identifier: MIT */
/* The address space of a process: its mappings, and which pages of them hold contents. */
#pragma once

#include "dumper/dump.h"

/* Fills process->memory from the frozen process's mappings; what cannot be preserved becomes a blocker. */
int must_check memory_collect(struct dump *dump, struct process *process);

/* Finds the pages with contents and tells those that are all zeros from the rest. */
int must_check pages_collect(struct dump *dump, struct process *process);

/* Writes the member pages/PID. */
struct progress;
int must_check pages_write(struct dump *dump, struct process *process, struct progress *progress,
			   uint64_t *done);
