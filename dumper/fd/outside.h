/* SPDX-License-Identifier: MIT */
/* Who else has open what only the tree may have open. */
#pragma once

#include "dumper/dump.h"

/*
 * When all descriptors of the tree are known: adds a blocker for each open file description of a kind that
 * is_inside_only and that a process outside of the tree shares. What is only in a queue there (SCM_RIGHTS)
 * cannot be seen.
 */
int must_check outside_check(struct dump *dump);
