/* SPDX-License-Identifier: MIT */
/* The order of the processes in the archive, which is that in which cr-restore makes them. */
#pragma once

#include "dumper/dump.h"

/*
 * Finds out what the processes share, plans how the tree can be made again, as cr-restore will, and puts
 * dump->processes in that order. What cannot be made again is added to dump->blockers.
 */
int must_check order_processes(struct dump *dump);
