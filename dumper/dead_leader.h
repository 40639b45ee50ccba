/* SPDX-License-Identifier: MIT */
/*
 * Processes whose main thread has exited while others live (pthread_exit(3) in main).
 *
 * What is left of the main thread has no memory and no descriptors, so another stands for the process: it is
 * first in process->threads, process->proc_fd is its directory and process->pidref leads to it.
 */
#pragma once

#include "dumper/dump.h"

/* Lets the first living thread stand for a frozen process, if its main thread has exited. */
int must_check dead_leader_replace(struct process *process);

/* Puts the main thread back in front of the others in the complete image of such a process. */
int must_check dead_leader_add_image(struct dump *dump, struct process *process);
