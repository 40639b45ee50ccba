/* SPDX-License-Identifier: MIT */
/* Makes the processes and threads. */
#pragma once

#include "restorer/restore.h"

/* Makes the process of TASK, empty but for the executor, with its mappings but without their contents. */
int must_check tree_create(struct restore *restore, struct task *task);

/* Makes its other threads, which start as puppets. */
int must_check tree_create_threads(struct task *task);

/* Kills whatever was made, and waits until it is gone. */
void tree_kill(struct restore *restore);
