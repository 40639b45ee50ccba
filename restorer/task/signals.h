/* SPDX-License-Identifier: MIT */
/* What of the signals is set at the end: the action for SIGTRAP, which ends batches, and what children send.
 */
#pragma once

#include "restorer/restore.h"

/* struct kernel_sigaction of rt_sigaction(2). */
#define SIGNAL_ACTION_SIZE 32

void signals_action_bytes(const Cr__SignalAction *action, unsigned char ret[SIGNAL_ACTION_SIZE]);

/*
 * After all children of TASK are finished: what they have sent in the making is thrown away, then the actions
 * and pending signals for it are put in place.
 */
int must_check signals_finish(const struct restore *restore, struct task *task);

/*
 * A pending SIGTRAP of THREAD, or of its process, which is added by a syscall instruction of the task. From
 * then on the thread must not run the executor: all signals are blocked.
 */
int must_check signals_add_traps(struct task *task, struct thread *thread, bool is_shared,
				 struct remote_address instruction);
