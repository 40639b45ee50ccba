/* SPDX-License-Identifier: MIT */
/*
 * What a process has exactly one of, or each of its threads, at restore: aspects that add calls to a batch
 * which the puppet then runs. The table in task_restorer.c gives the order of execution, with the reason on
 * each line.
 *
 * check: says whether the image is valid (-EBADMSG, logged) and adds to restore->blockers what this host
 * cannot give; creates nothing.
 *
 * process: adds calls for the leader, about its process. thread: adds calls for each thread, the leader
 * included.
 *
 * outside: what the controller does for a thread with system calls that take a tid.
 *
 * Add calls with batch_call() to BATCH; when batch_is_nearly_full() run it with puppet_run() and start a new
 * one: task_batch_room() does both.
 */
#pragma once

#include "restorer/restore.h"

struct task_restorer {
	const char *name;
	int (*check)(struct restore *restore, const struct task *task);
	int (*process)(struct restore *restore, struct task *task, struct batch *batch);
	int (*thread)(struct restore *restore, struct task *task, struct thread *thread, struct batch *batch);
	int (*outside)(struct restore *restore, struct task *task, struct thread *thread);
};

extern const struct task_restorer attributes_task_restorer;
extern const struct task_restorer cgroup_task_restorer;
extern const struct task_restorer login_task_restorer;
extern const struct task_restorer limits_task_restorer;
extern const struct task_restorer scheduling_task_restorer;
extern const struct task_restorer signals_task_restorer;
extern const struct task_restorer credentials_task_restorer;
extern const struct task_restorer
	late_attributes_task_restorer; /* those that a change of credentials resets */
extern const struct task_restorer memory_policy_task_restorer;
extern const struct task_restorer xsave_permission_task_restorer;
extern const struct task_restorer keyrings_task_restorer;
extern const struct task_restorer autogroup_task_restorer;
extern const struct task_restorer seccomp_task_restorer;
extern const struct task_restorer timers_task_restorer;

int must_check task_batch_room(struct thread *thread, unsigned calls, size_t size, const char *what);

int must_check task_restorers_check(struct restore *restore, const struct task *task);
int must_check task_restorers_apply(struct restore *restore, struct task *task);
