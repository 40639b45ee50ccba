/* SPDX-License-Identifier: MIT */
/* Stops of job control (signal(7), credentials(7)). */
#pragma once

#include "restorer/restore.h"

/*
 * The signal by which TASK, all of whose signals are blocked, is to be stopped again: that by which it was
 * stopped, as its parent is told by wait(2), or SIGSTOP where that would not stop it now.
 */
int job_control_stop_signal(const struct restore *restore, const struct task *task);
