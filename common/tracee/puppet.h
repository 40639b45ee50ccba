/* SPDX-License-Identifier: MIT */
/*
 * A task that we made and rebuild: it runs nothing but the executor's batches until its own registers are
 * set.
 *
 * A puppet dies with us (PTRACE_O_EXITKILL). Its executor is a region that it mapped for itself: one page of
 * code, then the data that batches work on, shared by the threads of an address space one after the other.
 */
#pragma once

#include "common/tracee/batch.h"
#include "common/tracee/tracee.h"

struct puppet {
	struct tracee tracee;
	struct remote_address blob;   /* the executor's code */
	struct remote_address region; /* its data */
	bool is_in_cgroup;            /* see puppet_create() */
	struct batch *batch;          /* owned by the first thread's, shared by the others */
};

/* Bytes of address space that a puppet's executor takes: the code page and the region. */
#define PUPPET_REGION_SIZE UINT64_C(0x20000)
#define PUPPET_FOOTPRINT (PAGE_SIZE_BYTES + PUPPET_REGION_SIZE)

/* Free address space, in one piece, that a process must have to be rebuilt: the executor, and room to move
 * the vdso through. */
#define PUPPET_HOME_SIZE (PUPPET_FOOTPRINT + 32 * PAGE_SIZE_BYTES)

/*
 * Makes a child process of ours whose pid is PID, stopped and traced, with its executor at HOME,
 * PUPPET_FOOTPRINT bytes that are free in this process as well as in what it is to become. It starts as a
 * copy of this process. IS_ORPHAN: it is nobody's child but the reaper's. -EEXIST: the pid is taken.
 *
 * CGROUP_FD, if it is one, is the directory of a cgroup v2 in which it is to be made, which costs less than
 * to move it later: whether it is in there stands in IS_IN_CGROUP, for an orphan it never is.
 */
int must_check puppet_create(struct puppet *puppet, pid_t pid, struct remote_address home, bool is_orphan,
			     int cgroup_fd);

/* The new thread or process TID that the last batch of PARENT made with clone3; it shares PARENT's executor.
 */
int must_check puppet_adopt(struct puppet *puppet, const struct puppet *parent, pid_t tid);

/* The same for a process: its executor and the batches for it are its own. */
int must_check puppet_adopt_process(struct puppet *puppet, const struct puppet *maker, pid_t pid);

/* Ends it with SIGKILL, and waits until it is a zombie, or gone if it was our child. */
int must_check puppet_kill(struct puppet *puppet);

/* Lets a puppet run into SIGNAL, which must end it, and waits as puppet_kill() does. */
int must_check puppet_end_by(struct puppet *puppet, int signal);

/* Runs the batch, whose last call is exit_group(2), and waits as puppet_kill() does. */
int must_check puppet_run_to_end(struct puppet *puppet);

/* Starts an empty batch and returns it. */
struct batch *puppet_batch(struct puppet *puppet);
/* Runs it. A call that must succeed and did not is logged ("WHAT: mmap(...): error") and returned as its
 * errno. */
int must_check puppet_run(struct puppet *puppet, const char *what);

/* Runs SIZE bytes of code, a few hundred at most, which end with int3, in the page of the executor. */
int must_check puppet_run_code(struct puppet *puppet, const void *code, size_t size);

/*
 * One system call executed by a syscall instruction at INSTRUCTION instead of the executor, so that it may
 * unmap the executor. Returns the result, a negative errno included.
 */
long must_check puppet_call_at(struct puppet *puppet, struct remote_address instruction, long number,
			       const uint64_t arguments[6]);
