/* SPDX-License-Identifier: MIT */
/* Finds and freezes the tasks of the tree, and lets them go. */
#pragma once

#include "dumper/dump.h"

/* Refuses at once, as blockers, a root that cannot be dumped at all: no process, a zombie, a kernel thread,
 * us. */
int must_check tree_check_root(struct dump *dump);

/*
 * Seizes and stops every thread of the root and of all processes below it, again until no new one appears.
 * -ECANCELED: what does not stop, or cannot be seized, is refused. All that was seized is let go by
 * tree_thaw(), also after a failure.
 */
int must_check tree_freeze(struct dump *dump);

/* Detaches from every thread; it goes on, or stays in its job-control stop. */
void tree_thaw(struct dump *dump);

void tree_done(struct dump *dump);

/* The process, zombies too, that is TID or has that thread, or NULL. These three: since order_processes(). */
struct process *tree_find_process(const struct dump *dump, pid_t tid);
/* Whether the tree has a process of this id, or a thread. */
bool tree_has_process(const struct dump *dump, pid_t pid);
bool tree_has_thread(const struct dump *dump, pid_t tid);
