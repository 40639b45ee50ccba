/* SPDX-License-Identifier: MIT */
/* What processes, not only their threads, share with each other: clone(2) with CLONE_VM and the like. */
#pragma once

#include "dumper/dump.h"

/* Adds a blocker for each process that shares its memory, descriptors, directories or signal handlers with
 * another. */
int must_check sharing_check(struct dump *dump);
