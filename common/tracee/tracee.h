/* SPDX-License-Identifier: MIT */
/*
 * A thread that we trace with PTRACE_SEIZE (ptrace(2)): stops, resumption, what a stop was for.
 *
 * All calls come from the one thread that seized. SIGCHLD must be blocked in it and not ignored
 * (tracee_init()). Every stop used here is one that does the thread no harm if the tracer dies in it:
 * PTRACE_EVENT_STOP and system-call stops with PTRACE_O_TRACESYSGOOD leave nothing to be delivered; and of
 * the executor's own stops, the signal of one is ignored, and int3 has a handler then (see borrow.h).
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "common/compiler.h"
#include "common/arch/x86_64/registers.h"

enum tracee_stop {
	TRACEE_RUNNING,
	TRACEE_STOP_EVENT,   /* PTRACE_EVENT_STOP: PTRACE_INTERRUPT, or the first stop of a new task */
	TRACEE_STOP_GROUP,   /* PTRACE_EVENT_STOP of a job-control stop */
	TRACEE_STOP_SYSCALL, /* entry or exit of a system call */
	TRACEE_STOP_SIGNAL,  /* about to receive tracee.signal */
	TRACEE_STOP_CLONE,   /* made a new task, tracee.new_tid */
	TRACEE_GONE,         /* exited or was killed: tracee.wait_status */
};

struct tracee {
	pid_t tid, tgid;
	enum tracee_stop stop;
	int signal;      /* TRACEE_STOP_SIGNAL, TRACEE_STOP_GROUP */
	pid_t new_tid;   /* TRACEE_STOP_CLONE: the last one; else 0 */
	int wait_status; /* as from wait(2) */
};

/* Milliseconds within which a thread must reach a stop that it is on its way to. */
#define TRACEE_TIMEOUT_MS 10000

/* Prepares the calling thread: SIGCHLD blocked and at its default. Once, before the first thread is seized.
 */
int must_check tracee_init(void);

/*
 * Seizes TID without stopping it. Extra ptrace options: KILL_WITH_TRACER, FOLLOW_CLONES, SUSPEND_SECCOMP.
 * With HOLD_CHILDREN whatever it makes from then on is seized like it, and stops before it runs, as it does
 * itself then; but for vfork(2), in which it could not be stopped while its child is.
 */
#define TRACEE_KILL_WITH_TRACER 1
#define TRACEE_FOLLOW_CLONES 2
#define TRACEE_SUSPEND_SECCOMP 4
#define TRACEE_HOLD_CHILDREN 8
int must_check tracee_seize(struct tracee *tracee, pid_t tid, pid_t tgid, unsigned options);

/* From now on a stopped thread is killed when we end (PTRACE_O_EXITKILL). */
int must_check tracee_kill_with_us(const struct tracee *tracee);

/* Asks a running thread to stop; it does at the next chance, with TRACEE_STOP_EVENT or TRACEE_STOP_GROUP. */
int must_check tracee_interrupt(struct tracee *tracee);

/* Waits for the next stop, at most TIMEOUT_MS: -ETIMEDOUT, or -ESRCH with TRACEE_GONE. */
int must_check tracee_wait(struct tracee *tracee, int timeout_ms);

/* Whether that wait would be over at once; the stop is not taken. */
bool tracee_has_stopped(const struct tracee *tracee);

/*
 * Waits until the thread rests in TRACEE_STOP_EVENT or TRACEE_STOP_GROUP after tracee_interrupt(). A signal
 * that was on its way is delivered first.
 */
int must_check tracee_wait_frozen(struct tracee *tracee, int timeout_ms);

/*
 * From whatever stop it is in, or none, to TRACEE_STOP_EVENT or TRACEE_STOP_GROUP: a call that it enters is
 * begun and interrupted, a signal that it is about to receive is delivered.
 */
int must_check tracee_freeze(struct tracee *tracee);

enum tracee_resume {
	TRACEE_RESUME_RUN,        /* until something happens */
	TRACEE_RESUME_TO_SYSCALL, /* until the next entry or exit of a system call as well */
};

/* Resumes a stopped thread, with SIGNAL (0: none) if it is in TRACEE_STOP_SIGNAL. */
int must_check tracee_resume(struct tracee *tracee, enum tracee_resume how, int signal);

/*
 * Lets the thread go, with the signal that it is about to receive unless that is a SIGTRAP, which may be our
 * own. One in a job-control stop stays in it. A thread that is gone is no error.
 */
int tracee_detach(struct tracee *tracee);

/* A thread in TRACEE_STOP_SIGNAL rests there from now on as in TRACEE_STOP_EVENT, and will not get that
 * signal: one that it ignores, should we die. */
void tracee_drop_signal(struct tracee *tracee);

int must_check tracee_get_signal_mask(const struct tracee *tracee, uint64_t *ret_mask);
int must_check tracee_set_signal_mask(const struct tracee *tracee, uint64_t mask);
int must_check tracee_get_siginfo(const struct tracee *tracee, siginfo_t *ret_info);

/*
 * The pending signals of the thread, or of its process if IS_SHARED, oldest first; at most CAPACITY of them
 * from number OFFSET on. Returns how many, or a negative errno.
 */
int must_check tracee_peek_signals(const struct tracee *tracee, bool is_shared, uint64_t offset,
				   siginfo_t *signals, int capacity);

/* The rseq(2) registration; an address of 0 means none (PTRACE_GET_RSEQ_CONFIGURATION). */
struct tracee_rseq {
	uint64_t address;
	uint32_t size, signature, flags;
};
int must_check tracee_get_rseq(const struct tracee *tracee, struct tracee_rseq *ret_rseq);

/*
 * Seccomp filter number INDEX, the one that was installed first is 0, as classic BPF instructions that the
 * caller frees; -ENOENT past the last. *ret_flags are its SECCOMP_FILTER_FLAG_ flags.
 */
struct sock_filter;
int must_check tracee_get_seccomp_filter(const struct tracee *tracee, unsigned index,
					 struct sock_filter **ret_filter, size_t *ret_count,
					 uint64_t *ret_flags);

/* 0: the thread's system calls are its own; 1: syscall user dispatch is on
 * (PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG). */
int must_check tracee_has_syscall_dispatch(const struct tracee *tracee);
