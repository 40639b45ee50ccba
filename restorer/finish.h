/* SPDX-License-Identifier: MIT */
/* The last steps: the executor goes, registers and masks are set, everything is let go at once. */
#pragma once

#include "restorer/restore.h"

/* Removes what is ours from TASK and gives each thread its own registers; none runs yet. */
int must_check finish_task(struct restore *restore, struct task *task);

/* Lets all threads of TASK go; nothing fails that could still be undone. */
int must_check finish_let_go(struct restore *restore, struct task *task);
