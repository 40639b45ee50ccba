/* SPDX-License-Identifier: MIT */
/* Stops of job control (signal(7), credentials(7)). */
#pragma once

#include "restorer/restore.h"

/* Whether TASK is to be stopped: it was, or had a SIGSTOP pending, by which it is as soon as it runs. */
bool job_control_is_stopped(const struct task *task);

/*
 * The signal by which TASK, all of whose signals are blocked, is to be stopped again: that by which it was
 * stopped, as its parent is told by wait(2), or SIGSTOP where that would not stop it now.
 */
int job_control_stop_signal(const struct restore *restore, const struct task *task);

/*
 * Where the parent of TASK is yet to be told that it goes on after a stop: stops it, and has it go on. Before
 * it has signals of its own, which this would throw away; what it sends its parent is thrown away later.
 */
int must_check job_control_continue(struct restore *restore, struct task *task);
