/* SPDX-License-Identifier: MIT */
/* The descriptors of processes, and the open file descriptions (open(2)) behind them, each once however many
 * share it. */
#pragma once

#include "dumper/dump.h"

/*
 * Looks at every descriptor of a frozen PROCESS: makes process->descriptors, adds to dump->open_files what
 * was not met before and to process->summary. All processes and threads of the tree must be known. Opens the
 * log scope "fd N", not that of the process. What cannot be preserved goes to dump->blockers.
 */
int must_check open_files_collect(struct dump *dump, struct process *process);

/* Writes fd/KIND.pb for every kind that is there. */
int must_check open_files_write(struct dump *dump);

void open_files_done(struct dump *dump);
