/* SPDX-License-Identifier: MIT */
/* What a valid file of the kernel's is. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "common/compiler.h"
#include "format/fd/kernel_file.pb-c.h"

/* "/proc/12/task/13/stat": whose it is. *ret_tid is 0 without a task; *ret_rest what follows, "/stat" or "".
 */
bool kernel_file_is_of_process(const char *path, pid_t *ret_pid, pid_t *ret_tid, const char **ret_rest);

/* 0, or -EBADMSG and why in *ret_reason (static text). */
int must_check kernel_file_check(const Cr__KernelFile *file, const char **ret_reason);
