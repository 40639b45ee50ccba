/* SPDX-License-Identifier: MIT */
/* A process that is about to be killed gives its children up, so that nothing of them stays. */
#pragma once

#include "dumper/dump.h"

/*
 * A child that is killed stays a zombie until its parent, or the reaper of orphans, waits for it; until then
 * its id is taken, and some reapers are slow, or none (the first process of a container). So lets a frozen
 * PROCESS, which must be killed whatever happens from now on, wait for those that have ended, and ignore the
 * end of the others (SIGCHLD, sigaction(2)). CHILDREN are the ids of those that have ended. Failure does no
 * harm.
 */
int must_check abandon_children(const struct process *process, const pid_t *children, size_t count);
