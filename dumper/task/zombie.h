/* SPDX-License-Identifier: MIT */
/* Processes that have exited, and for which their parent has not waited yet (wait(2)). */
#pragma once

#include "dumper/dump.h"

/* Makes process->image of what is left of it. */
int must_check zombie_collect(struct dump *dump, struct process *process);
