/* SPDX-License-Identifier: MIT */
/*
 * The executor: the only code of ours that ever runs inside a task, and the memory it works on.
 *
 * The blob runs a batch of system calls that the controller wrote into a region, and stops with int3. Its
 * entries are given as offsets below. Shared with executor.S, so only macros stand outside the guard.
 *
 * borrow  In a live task that must not notice (see common/tracee/borrow.h). Maps a region, sets a SIGTRAP
 *         handler that leads to "cure", stops.
 * run     Runs the calls of the region in %rbx, stops, and falls into "cure" if it is let go.
 * cure    Puts back the SIGTRAP action, unmaps the region, restores the signal mask and every general
 *         register from the context that follows the code, and jumps to where the task was. Uses no
 *         stack of the task and writes nothing.
 *
 * quiet_begin  Instead of borrow: maps a region, and stops, or runs the calls that stand behind the blob and
 *              then stops, by sending itself a signal that its process ignores. A thread that nobody traces
 *              does not stop, but goes on with what follows: unmaps the region, stops again, and restores as
 *              "cure" does. The process's signal actions stay as they are.
 * quiet_run    Runs the calls of the region in %rbx, and stops in that way.
 * quiet_cure   Unmaps the region in %rbx, and so on.
 */
#pragma once

/* Of the region that is borrowed in a live task; a puppet's is larger. */
#define EXECUTOR_REGION_SIZE 0x10000
#define EXECUTOR_CALLS_MAX 400

/* Offsets in the region. */
#define EXECUTOR_CALL_COUNT 0
#define EXECUTOR_CALLS_LEFT 8
#define EXECUTOR_ACTION 16
#define EXECUTOR_OLD_ACTION 48
#define EXECUTOR_CALLS 128
#define EXECUTOR_DATA (EXECUTOR_CALLS + EXECUTOR_CALLS_MAX * EXECUTOR_CALL_SIZE)
/* The end of the region is the stack for the frame of a SIGTRAP that nobody caught. */
#define EXECUTOR_STACK_SIZE 0x4000
#define EXECUTOR_DATA_SIZE(region_size) ((region_size)-EXECUTOR_STACK_SIZE - EXECUTOR_DATA)

/* Offsets in a call. */
#define EXECUTOR_CALL_NUMBER 0
#define EXECUTOR_CALL_ARGUMENTS 8
#define EXECUTOR_CALL_RESULT 56
#define EXECUTOR_CALL_REFERENCES 64
#define EXECUTOR_CALL_FLAGS 68
#define EXECUTOR_CALL_SIZE 72

/* A call whose failure ends the batch. */
#define EXECUTOR_CALL_MUST_SUCCEED 1

/* A limit that may be in the way of the region: what it is to be for the moment, and what it is. */
#define EXECUTOR_LIMITS_MAX 3
#define EXECUTOR_LIMIT_RESOURCE 0
#define EXECUTOR_LIMIT_RAISED 8
#define EXECUTOR_LIMIT_OWN 24
#define EXECUTOR_LIMIT_SIZE 40

#ifndef __ASSEMBLER__

#include <stdint.h>
#include <sys/resource.h>

struct executor_call {
	uint64_t number;
	uint64_t arguments[6];
	int64_t result;      /* as the kernel returned it: a negative errno is a failure */
	uint32_t references; /* bit i: arguments[i] is the index of an earlier call whose result is put there
			      */
	uint32_t flags;
};

_Static_assert(sizeof(struct executor_call) == EXECUTOR_CALL_SIZE, "the layout that executor.S relies on");

/* What the blob restores; stands at executor_context in the blob, in this order. */
struct executor_context {
	uint64_t signal_mask;
	uint64_t rflags, rsp;
	uint64_t r8, r9, r12, r13, r14, r15, rbx, rbp;
	uint64_t rip, rax, rcx, rdx, rsi, rdi, r10, r11;
};

struct executor_limit {
	uint64_t resource; /* RLIMIT_ */
	struct rlimit64 raised, own;
};

_Static_assert(sizeof(struct executor_limit) == EXECUTOR_LIMIT_SIZE, "the layout that executor.S relies on");

/* How a region is mapped; stands at executor_region, at the end. */
struct executor_region {
	uint64_t address; /* where, as MMAP_FLAGS say; 0: anywhere */
	uint32_t mmap_flags;
	uint32_t limits_count; /* limits that the thread raises before, if it may, and puts back behind */
	struct executor_limit limits[EXECUTOR_LIMITS_MAX];
};

/* What a thread that stops quietly needs; stands at executor_quiet, behind the context. */
struct executor_quiet {
	uint64_t mask; /* all signals but that one */
	uint32_t signal;
	/* How much of what stands behind the blob goes to the start of the region, and to EXECUTOR_DATA. 0:
	 * nothing is run. */
	uint32_t calls_size, data_size;
	uint32_t unused;
};

extern const unsigned char executor_blob[], executor_blob_end[];
extern const unsigned char executor_borrow[], executor_run[], executor_cure[], executor_mask_call[];
extern const unsigned char executor_syscall[];
/* Where a thread waits that may not map a region. */
extern const unsigned char executor_no_region[];
extern const unsigned char executor_context[], executor_region[], executor_limits[];
/* The way to the region, of both that need one. */
extern const unsigned char executor_map[];
extern const unsigned char executor_quiet_begin[], executor_quiet_run[], executor_quiet_cure[];
/* Behind the call by which it stops: with a region, and with none any more. */
extern const unsigned char executor_quiet_ready[], executor_quiet_end[];
extern const unsigned char executor_quiet[];

#define EXECUTOR_OFFSET(symbol) ((uint64_t)((symbol)-executor_blob))

/* The room that it takes with so many limits, without calls behind it. */
#define EXECUTOR_BLOB_SIZE(limits_count)                                                                     \
	(EXECUTOR_OFFSET(executor_limits) + (limits_count)*EXECUTOR_LIMIT_SIZE)

#endif
