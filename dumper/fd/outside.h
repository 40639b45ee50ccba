/* SPDX-License-Identifier: MIT */
/* Who else has open what only the tree may have open: kinds with an inside_only_name. */
#pragma once

#include "dumper/fd/fd_dumper.h"

/* While descriptors are collected, once for each description of such a kind at least. */
int must_check outside_want(struct dump *dump, const struct fd_dumper *kind);

/*
 * When all descriptors of the tree are known: adds a blocker for each description of the kind that a process
 * outside shares. What cannot be seen there is in common/proc/fd_search.h.
 */
int must_check outside_check(struct dump *dump, const struct fd_dumper *kind);
