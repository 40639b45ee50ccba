/* SPDX-License-Identifier: MIT */
/* What of the signals is not set by a batch: the action for SIGTRAP, which ends batches. */
#pragma once

#include "format/task/process.pb-c.h"

/* struct kernel_sigaction of rt_sigaction(2). */
#define SIGNAL_ACTION_SIZE 32

void signals_action_bytes(const Cr__SignalAction *action, unsigned char ret[SIGNAL_ACTION_SIZE]);
