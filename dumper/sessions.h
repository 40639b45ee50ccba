/* SPDX-License-Identifier: MIT */
/* Whether the sessions and process groups of the tree can be made again (setsid(2), setpgid(2)). */
#pragma once

#include "dumper/dump.h"

/*
 * Adds a blocker for each session and group that a process outside of the tree leads, unless it is the root's
 * and --shell-job says that cr-restore's is to take its place. *RET_IS_REFUSED: there are such.
 */
int must_check sessions_check(struct dump *dump, bool *ret_is_refused);
