/* SPDX-License-Identifier: MIT */
/*
 * What a process has exactly one of, or each of its threads: an aspect is a file of this folder with
 * functions of the table in task_dumper.c. They fill the messages process->image and thread->image, whose
 * parts live in dump->arena.
 *
 * collect_process, collect_thread: ask from outside: /proc, ptrace, system calls that take a pid.
 *
 * ask, answer: ask from inside. "ask" adds calls to the batch that THREAD is about to run, "answer" reads the
 * results after it ran. The slots kept between both are in struct questions, one for each thread in turn.
 *
 * What does not fit into one batch (batch_is_nearly_full()) is asked in several, see struct questions.
 *
 * is_leader_only: about the process, asked of its leader.
 *
 * Return 0 or a negative errno, already logged with what it is about. What cannot be preserved is not an
 * error but goes to dump->blockers.
 */
#pragma once

#include "common/tracee/batch.h"
#include "dumper/dump.h"

struct questions {
	uint64_t addresses[24]; /* of the aspect's own choice: from batch_data() */
	unsigned calls[24];     /* from batch_try() */
	size_t first, count;    /* of many alike: which of them are asked about in this batch */
	bool has_more; /* set by ask: it is to be called again, for another batch; or by what was answered:
			  thread->has_more_questions, with a count that is not 0 */
};

struct task_dumper {
	const char *name;
	bool is_leader_only;
	int (*collect_process)(struct dump *dump, struct process *process);
	int (*collect_thread)(struct dump *dump, struct process *process, struct thread *thread);
	int (*ask)(struct dump *dump, struct process *process, struct thread *thread, struct batch *batch,
		   struct questions *questions);
	int (*answer)(struct dump *dump, struct process *process, struct thread *thread,
		      const struct batch *batch, const struct questions *questions);
};

extern const struct task_dumper
	credentials_task_dumper; /* uids, gids, groups, capabilities, securebits, seccomp */
extern const struct task_dumper signals_task_dumper;  /* actions, masks, pending, alternate stacks */
extern const struct task_dumper children_task_dumper; /* whether it is to be told of them */
extern const struct task_dumper timers_task_dumper;   /* itimers, POSIX timers */
extern const struct task_dumper limits_task_dumper;   /* rlimits */
extern const struct task_dumper
	scheduling_task_dumper; /* policy, nice, affinity, I/O priority, timer slack */
extern const struct task_dumper
	attributes_task_dumper; /* comm, umask, personality, prctl states, robust list, rseq, tid address */
extern const struct task_dumper cgroup_task_dumper;      /* its cgroups */
extern const struct task_dumper login_task_dumper;       /* the user of the login, for audit */
extern const struct task_dumper rings_task_dumper;       /* lets it look at its io_urings */
extern const struct task_dumper landlock_task_dumper;    /* adds blockers for Landlock domains */
extern const struct task_dumper unsupported_task_dumper; /* adds blockers for what is not preserved yet */
extern const struct task_dumper registers_task_dumper;   /* registers, xsave, interrupted calls */
extern const struct task_dumper xsave_permission_task_dumper; /* AMX tiles */
extern const struct task_dumper keyrings_task_dumper;         /* of threads and processes */
extern const struct task_dumper autogroup_task_dumper;        /* the nice value of a session */
extern const struct task_dumper descriptors_task_dumper;      /* close-on-exec */
extern const struct task_dumper memory_task_dumper;           /* brk, mlockall(MCL_FUTURE) */
extern const struct task_dumper memory_policy_task_dumper;    /* set_mempolicy(2), mbind(2) */

/* Ends what landlock_task_dumper has made. */
void landlock_witnesses_done(struct dump *dump);

/* Run the aspects of the table over a frozen process. */
int must_check task_dumpers_collect(struct dump *dump, struct process *process);
int must_check task_dumpers_ask(struct dump *dump, struct process *process);
