/* SPDX-License-Identifier: MIT */
/* Gives a fresh pseudo-terminal the settings and contents of its image. */
#pragma once

#include "restorer/fd/terminals.h"

/* master_fd and, unless it was never open, slave_fd are open, both non-blocking, and nobody else's. Logs. */
int must_check terminal_fill(const struct pseudo_terminal *pseudo);
