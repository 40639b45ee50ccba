/* SPDX-License-Identifier: MIT */
/* Makes the processes and threads. */
#pragma once

#include "restorer/restore.h"

/*
 * Makes the processes as they were planned (plan.h), in their sessions and process groups, each with its
 * mappings but without their contents, and no thread but the leader. Zombies have come to their end.
 */
int must_check tree_create(struct restore *restore);

/* Makes its other threads, which start as puppets. */
int must_check tree_create_threads(struct task *task);

/* Kills whatever was made, and waits until it is gone. */
void tree_kill(struct restore *restore);
