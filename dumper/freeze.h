/* SPDX-License-Identifier: MIT */
/* Stops the threads of one process. */
#pragma once

#include "dumper/dump.h"

/*
 * Seizes the main thread of PID, no more: from then on nothing that it makes can run before it is found.
 * False if that cannot be, as freeze_process() will say.
 */
bool freeze_catch(pid_t pid);

/* Asks the main thread, which has been caught, to stop; freeze_process() waits for it. */
void freeze_begin(struct process *process);

/* Threads that do not run any more. */
/*
 * A process that was frozen on its way into a job-control stop, or out of one: has it come to its end, so
 * that all threads are in it, or none.
 */
int must_check freeze_join_stop(struct process *process);

size_t freeze_count_stopped(const struct process *process);

/*
 * Seizes and stops every thread that is not known yet, again until no new one appears; those that exit on the
 * way are forgotten. process->threads is empty when the process has exited. -ECANCELED: it does not stop, and
 * is refused; with process->is_refused the same has been said of a thread that cannot be seized, and the rest
 * is frozen. -EAGAIN: dump->vfork_tid is in vfork(2), and will remain so unless others go on. Opens no log
 * scope.
 */
int must_check freeze_process(struct dump *dump, struct process *process);

/* Whether the thread, which was asked to stop, has done so: 0, -ETIMEDOUT, or -ESRCH if it is gone. */
int must_check freeze_look(struct thread *thread);

/*
 * After it: lets threads that another cr-dump, which was killed, has left inside its code come out of that,
 * and finds out what they sleep for.
 */
int must_check freeze_settle(struct process *process);

/* The name of a process for messages; "?" if it is gone. */
void freeze_comm(pid_t pid, char comm[PROC_COMM_SIZE]);
