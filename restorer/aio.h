/* SPDX-License-Identifier: MIT */
/* The AIO contexts of a task, io_setup(2). */
#pragma once

#include "restorer/restore.h"

/* Adds to restore->blockers what this host cannot give. */
int must_check aio_plan(struct restore *restore);

/* Makes the contexts of a task that owns its memory, where they were, once the rest of it is mapped. */
int must_check aio_make(struct task *task);
