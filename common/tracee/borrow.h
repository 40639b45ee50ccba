/* SPDX-License-Identifier: MIT */
/*
 * Runs batches in a live task that must not notice, whatever happens to us.
 *
 * A frozen thread is pointed at the executor, which for the time being stands in bytes that the task has no
 * use for (borrow_place.h): there it needs no mapping, no stack and no byte of the task's own memory. Its
 * context (general registers, signal mask) is written beside it first, in a form in which an interrupted
 * system call is made again. From then on the thread, let go at any moment by our death, cures itself: the
 * int3 that ends a batch finds a SIGTRAP handler that puts everything back. On the normal path it runs the
 * same cure, is caught in the stop after it, and gets its exact registers.
 *
 * Where the process ignores some signal anyhow, that takes the place of int3 and SIGTRAP: sent by a thread to
 * itself it is a stop for us, and nothing at all once we are dead. Then no action of the process is touched,
 * and the thread's cure is just the rest of the executor.
 *
 * Left behind by our death: nothing but those bytes, in a private copy of their page. One thread of an
 * address space at a time.
 */
#pragma once

#include "common/tracee/batch.h"
#include "common/tracee/borrow_place.h"
#include "common/tracee/tracee.h"

/*
 * A controller that died a moment ago may have left a frozen thread of ours inside of the executor, on its
 * way out: brings it out, without a signal that would be handled on top of what is there. -ETIMEDOUT if it
 * does not leave; -EAGAIN if it is in an executor of another version.
 */
int must_check borrow_settle(struct tracee *tracee, int mem_fd);

struct borrow {
	struct borrow_place *place; /* borrowed */
	struct tracee *tracee;      /* borrowed */
	struct registers registers; /* those of the task */
	uint64_t signal_mask;
	struct remote_address region;
	int quiet_signal;          /* 0: it stops by int3 */
	bool is_active;            /* it has other registers than its own */
	bool has_met_stop_signal;  /* a SIGSTOP came meanwhile and was set aside */
	bool has_met_quiet_signal; /* the same of that signal, where it was blocked */
};

/*
 * The thread must rest in TRACEE_STOP_EVENT or TRACEE_STOP_GROUP. -ENOMEM: the task may not map any more
 * memory.
 *
 * * QUIET_SIGNAL is 0, or a signal that the process ignores and that is not pending; then, which takes fewer
 * stops, nothing is done with SIGTRAP. It is better one that no thread of the process blocks: should the
 * thread block it, then one that comes from elsewhere at that moment is lost if we die. Not for threads with
 * seccomp filters, and in a job-control stop.
 */
int must_check borrow_begin(struct borrow *borrow, struct borrow_place *place, struct tracee *tracee,
			    int quiet_signal);
/* Runs BATCH, made for borrow->region; -ECANCELED as batch_receive(). -ENOMEM as borrow_begin(), which may
 * have left the mapping to this one. */
int must_check borrow_run(struct borrow *borrow, struct batch *batch, unsigned *ret_failed);
/* Gives the thread its own state back; it is frozen as before. Does nothing when it is not active. */
int borrow_end(struct borrow *borrow);

#define BORROW_EMPTY ((struct borrow){.is_active = false})
static inline void borrow_endp(struct borrow *borrow)
{
	(void)borrow_end(borrow);
}
