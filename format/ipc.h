/* SPDX-License-Identifier: MIT */
/* What valid semaphores and message queues of System V are. */
#pragma once

#include "common/compiler.h"
#include "format/ipc.pb-c.h"

#define IPC_VALUE_MAX 32767             /* SEMVMX of the kernel; adjustments are as large at most */
#define IPC_SEMAPHORES_MAX 65535        /* in a set: the kernel counts them in 16 bits for semop(2) */
#define IPC_MESSAGE_SIZE_MAX (1U << 24) /* bytes */

/* 0, or -EBADMSG and why in *ret_reason (static text). Whether processes are there is not looked at. */
int must_check ipc_check(const Cr__Ipc *ipc, const char **ret_reason);

/* NULL: there is no such set. */
const Cr__SemaphoreSet *ipc_find_set(const Cr__Ipc *ipc, int32_t id);
