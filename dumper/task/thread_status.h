/* SPDX-License-Identifier: MIT */
/* The status of a thread, for the aspects that look into it. */
#pragma once

#include "dumper/dump.h"

/*
 * The leader's is process->status, read when the process was frozen; another thread's is read into STORAGE,
 * to which the caller gives status_done() in any case. NULL after logging an error.
 */
const struct status *thread_status(const struct process *process, const struct thread *thread,
				   struct status *storage);
