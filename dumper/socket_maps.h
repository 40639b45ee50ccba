/* SPDX-License-Identifier: MIT */
/* Mappings of sockets: the rings of packet(7). */
#pragma once

#include "dumper/dump.h"

/*
 * When all open files are known: notes which of them each such mapping is of. Adds blockers for what cannot
 * be mapped again.
 */
int must_check socket_maps_check(struct dump *dump);
