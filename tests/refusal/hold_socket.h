/* SPDX-License-Identifier: MIT */
/* What a target can hold of internet and other network sockets. */
#pragma once

/* A new descriptor of WHAT, -1 with errno if that fails, -2 if no such socket is known. */
int hold_socket(const char *what);
