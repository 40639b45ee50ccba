/* SPDX-License-Identifier: MIT */
/* What a target can hold of terminals. */
#pragma once

/*
 * Makes a pseudo-terminal in the state WHAT: ends[0] is the master, ends[1] the slave, or -1 if it is not
 * open. 0, -1 with errno if that fails, -2 if no such state is known.
 */
int hold_terminal(const char *what, int ends[2]);
