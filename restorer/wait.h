/* SPDX-License-Identifier: MIT */
/* cr-restore in the foreground: as if it were the restored program. */
#pragma once

#include "restorer/restore.h"

/* Writes the root's pid to options->pidfile. */
int must_check wait_write_pidfile(struct restore *restore);

/*
 * Waits for the restored root, passing on the signals that can be sent to us. Returns its exit status, or
 * ends by the signal that it was ended by.
 */
int wait_for_root(struct restore *restore);
