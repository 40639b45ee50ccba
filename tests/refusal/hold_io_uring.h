/* SPDX-License-Identifier: MIT */
/* What a target can hold of io_uring(7). */
#pragma once

/* A new descriptor of WHAT, -1 with errno if that fails, -2 if no such ring is known. */
int hold_io_uring(const char *what);
