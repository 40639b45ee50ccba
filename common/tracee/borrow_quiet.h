/* SPDX-License-Identifier: MIT */
/*
 * How a thread is borrowed that stops by a signal which its process ignores: the part of borrow.h for it.
 *
 * The stop is that of a signal about to be delivered. When we die in it, the signal is delivered, which is to
 * be ignored: the thread goes on, in the executor or with its own registers, as they are then.
 */
#pragma once

#include <sys/uio.h>

#include "common/tracee/borrow.h"

/*
 * Maps the region, unless it is known from another thread where it will be: then that, and the batch, is
 * left to borrow_quiet_run(), so that it takes one stop.
 */
int must_check borrow_quiet_begin(struct borrow *borrow);
int must_check borrow_quiet_run(struct borrow *borrow, struct batch *batch, unsigned *ret_failed);
int borrow_quiet_end(struct borrow *borrow);

/*
 * Of borrow.c: writes the executor, with the thread's context, ADDRESS where the region is to be (0:
 * anywhere), what QUIET (NULL: nothing) says, and the PAYLOAD behind it. -E2BIG: there is no room for that.
 */
int must_check borrow_write_blob(struct borrow *borrow, struct remote_address address,
				 const struct executor_quiet *quiet, const struct iovec *payload,
				 size_t payload_count);

/* Of borrow.c: around what the thread does to map the region. It must have the registers for that. */
int must_check borrow_raise_limits(struct borrow *borrow);
void borrow_lower_limits(struct borrow *borrow);
