/* SPDX-License-Identifier: MIT */
/* The status of a thread, for the aspects that look into it. */
#pragma once

#include "dumper/dump.h"

/*
 * The leader's is process->status, read when the process was frozen; another thread's is read when it is
 * asked for first. Lives as long as the thread; NULL after logging an error.
 */
const struct status *thread_status(const struct process *process, struct thread *thread);
void thread_status_done(struct thread *thread);
