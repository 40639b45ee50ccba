/* SPDX-License-Identifier: MIT */
/* Mappings of rings: those of packet(7) and io_uring(7). */
#pragma once

#include "dumper/dump.h"

/*
 * When all open files are known: notes which of them each such mapping is of. Adds blockers for what cannot
 * be mapped again.
 */
int must_check ring_maps_check(struct dump *dump);
