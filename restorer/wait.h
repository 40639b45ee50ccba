/* SPDX-License-Identifier: MIT */
/* cr-restore in the foreground: as if it were the restored program. */
#pragma once

#include <signal.h>

#include "restorer/restore.h"

/* Those that are passed on to the program, and SIGCHLD. */
void wait_signals(sigset_t *ret_set);

/* Ends as a program that ended with STATUS of waitpid(2): by its signal, or returns the exit status. */
int wait_end_as(int status);

/* Writes the root's pid, as the caller of cr-restore sees it, to options->pidfile. */
int must_check wait_write_pidfile(struct restore *restore);

/*
 * Waits for the restored root, passing on the signals that can be sent to us. Returns its exit status, or
 * ends by the signal that it was ended by.
 */
int wait_for_root(struct restore *restore);
