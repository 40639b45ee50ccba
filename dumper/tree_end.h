/* SPDX-License-Identifier: MIT */
/* Ends the tree, or leaves it stopped, when its archive is there. */
#pragma once

#include "dumper/dump.h"

/* Kills every process and waits until each is dead. */
int must_check tree_kill(struct dump *dump);

/* Puts every process that runs into a job-control stop, to be in force when it is let go. */
int must_check tree_stop(struct dump *dump);
