/* SPDX-License-Identifier: MIT */
/* The processes of a tree, from /proc. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "common/compiler.h"

/* The children of all threads of PID, zombies too, ascending; the caller frees *RET_PIDS. None if there is no
 * such process. 0 or a negative errno. */
int must_check process_children(pid_t pid, pid_t **ret_pids, size_t *ret_count);

/* ROOT and all processes below it, ascending; likewise. Processes that come and go meanwhile may be missing.
 */
int must_check process_tree_list(pid_t root, pid_t **ret_pids, size_t *ret_count);
