/* SPDX-License-Identifier: MIT */
/* What cr-dump has left on this host to hold back packets, where a restore has not undone it. */
#pragma once

/* Print the names; remove one. Return an exit status. */
int locks_list(void);
int locks_remove(const char *name);
