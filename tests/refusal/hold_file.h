/* SPDX-License-Identifier: MIT */
/* What a target can hold of files in odd states, and of locks. */
#pragma once

/* Makes WHAT descriptor number FD: 0, -1 with errno if that fails, -2 if no such kind is known. */
int hold_file(const char *what, int fd);
