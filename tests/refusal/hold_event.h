/* SPDX-License-Identifier: MIT */
/* What a target can hold of the kernel's own kinds of files. */
#pragma once

/* The number under which the target has it. */
#define EVENT_FD 20

/* A new descriptor of WHAT, -1 with errno if that fails, -2 if no such kind is known. */
int hold_event(const char *what);
