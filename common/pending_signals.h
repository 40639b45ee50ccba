/* SPDX-License-Identifier: MIT */
/*
 * The queues of pending signals. ptrace(2) tells what is in them too (PTRACE_PEEKSIGINFO), but walks from the
 * start for each: half a minute for some ten thousand. Here they are looked at in the kernel's memory.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>

#include "common/kernel_task.h"

struct pending_signals_reader;

/* Errors: those of kernel_memory_open() and kernel_types_open(). */
int must_check pending_signals_open(struct pending_signals_reader **ret_reader);
void pending_signals_close(struct pending_signals_reader *reader);
DEFINE_FREEP(pending_signals_reader, pending_signals_close)

/*
 * The signals that are queued for the thread of PIDFD, a descriptor of the calling thread, or for its process
 * if IS_SHARED; the oldest first, as PTRACE_PEEKSIGINFO gives them. At most MAX, -E2BIG beyond; the caller
 * frees them. -EAGAIN: the queue has changed meanwhile.
 */
int must_check pending_signals_read(struct pending_signals_reader *reader, int pidfd, bool is_shared,
				    size_t max, siginfo_t **ret_signals, size_t *ret_count);
