/* SPDX-License-Identifier: MIT */
/* ^C and its like, which end a run between two steps so that everything is put back first. */
#pragma once

#include <stdbool.h>

#include "common/compiler.h"

/* Notes SIGINT, SIGTERM, SIGHUP and SIGQUIT from now on instead of dying of them; ignores SIGPIPE and
 * SIGXFSZ. A child process calls it again, to have an interrupt_fd() of its own. */
int must_check interrupt_init(void);

/* True after one of them came. */
bool interrupted(void);

/* A descriptor that is readable from then on, for poll(2); -EBADF before interrupt_init(). Borrowed. */
int interrupt_fd(void);
