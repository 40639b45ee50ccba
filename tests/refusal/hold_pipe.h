/* SPDX-License-Identifier: MIT */
/* What a target can hold of pipes and FIFOs. */
#pragma once

/* A new descriptor of WHAT, -1 with errno if that fails, -2 if no such thing is known. */
int hold_pipe(const char *what);
