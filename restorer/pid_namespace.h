/* SPDX-License-Identifier: MIT */
/*
 * --new-pid-ns: the program in a pid namespace of its own, where all ids but 1 are free (pid_namespaces(7)).
 *
 * After the preflight, which is to see the whole host, cr-restore forks. The child is process 1 of the new
 * namespace, has a mount namespace of its own for the /proc of it, and goes on with the restore; at the end
 * it stays as the init. The one outside passes signals on, looks after the terminal of --shell-job, of which
 * the ids mean nothing inside, and ends as the program does. They talk over a pair of sockets.
 *
 * Until the program is let go, the one inside dies with the one outside; after that, it goes on alone.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "common/compiler.h"
#include "restorer/options.h"

struct restore;

struct pid_namespace {
	bool is_inside, is_outside; /* neither: there is none, or not yet */
	int control_fd;             /* to the other one; -EBADF: it has ended */
	int outer_proc_fd;          /* inside: the /proc of the one outside */
	pid_t init;                 /* outside: who is inside */
	pid_t root;                 /* inside: of the program, once it runs */
	bool is_shell_job;          /* inside: then, in the session and group of the one outside */
};

#define PID_NAMESPACE_NONE ((struct pid_namespace){.control_fd = -EBADF, .outer_proc_fd = -EBADF})

/* For the preflight: adds a blocker if such a namespace cannot be made here, or not hold the program. */
int must_check pid_namespace_check(struct restore *restore);

/* A stage: makes the namespace, if it is asked for. 0 for who goes on with the restore, 1 outside. */
int must_check pid_namespace_enter(struct restore *restore);

/* The number that process PID has outside. Logs. */
int must_check pid_namespace_outer_pid(const struct pid_namespace *pid_namespace, pid_t pid, pid_t *ret_pid);

/*
 * Inside: has the one outside do shell_terminal_hand() with GROUP, 0 for its own, and returns what that
 * returned.
 */
int must_check pid_namespace_hand_terminal(const struct pid_namespace *pid_namespace, pid_t group);

/* Inside: from now on it does not end with the one outside, and signals wait to be passed on. Then, when the
 * program runs, the other. */
int must_check pid_namespace_part(const struct restore *restore);
int must_check pid_namespace_tell_running(const struct restore *restore);

/*
 * Inside: collects orphans and passes signals on until the program ends. Returns an exit status, with which
 * this process is to end, and with it the namespace.
 */
int pid_namespace_run_init(struct pid_namespace *pid_namespace, const struct restore_options *options);

/* Outside: waits until the program runs, or has ended, as it is asked for. Returns the exit status. */
int pid_namespace_wait(struct restore *restore);
