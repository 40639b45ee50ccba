/* SPDX-License-Identifier: MIT */
/*
 * The register state of a stopped x86-64 thread: general registers (NT_PRSTATUS) and the XSAVE area
 * (NT_X86_XSTATE), see ptrace(2) and the kernel's Documentation/arch/x86/xstate.rst.
 *
 * Every function works on a thread that the caller traces and that is stopped; returns 0 or a negative errno.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include <sys/user.h>

#include "common/compiler.h"

struct registers {
	struct user_regs_struct user;
};

/* The largest XSAVE area that is accepted; that of AMX is about 11 KiB. */
#define XSAVE_SIZE_MAX 32768

int must_check registers_get(pid_t tid, struct registers *ret_registers);
int must_check registers_set(pid_t tid, const struct registers *registers);

/* The area in the standard (not compacted) format. SIZE on entry is the room in AREA, on return what was
 * used. */
int must_check registers_get_xsave(pid_t tid, void *area, size_t *size);

/*
 * Sets the area, which may come from a CPU with another area size: features that the host lacks are refused
 * with -EOPNOTSUPP when the area holds something for them, and are cut off otherwise.
 */
int must_check registers_set_xsave(pid_t tid, const void *area, size_t size);

/* XSTATE_BV, the features for which AREA holds something else than their initial state. */
uint64_t xsave_features(const void *area, size_t size);

/* XCR0 of this host, which has XSAVE: the features that the kernel saves for user space. */
uint64_t xsave_host_features(void);

/* True when the thread runs 64-bit code (not ia32 compatibility mode). */
bool registers_are_64_bit(const struct registers *registers);

/*
 * How an interrupted system call goes on. The kernel leaves a negative "restart" code in the result register
 * of a thread that was stopped in one, and acts on it when the thread leaves the stop. A thread that comes
 * back in any other way needs it in the registers.
 */
enum syscall_restart {
	SYSCALL_RESTART_NONE,  /* not in an interrupted system call */
	SYSCALL_RESTART_AGAIN, /* is made again with the same arguments */
	SYSCALL_RESTART_BLOCK, /* restart_syscall(2): goes on with the time that is left */
};

enum syscall_restart registers_restart(const struct registers *registers);

/* The number of the system call that the thread was stopped in, or -1. */
long registers_syscall_number(const struct registers *registers);
uint64_t registers_syscall_argument(const struct registers *registers, unsigned index);

/*
 * Rewrites REGISTERS so that the thread goes on as the kernel would have let it even when it is resumed
 * outside of a stop of signal handling: an interrupted call is made again, through restart_syscall(2) if it
 * was to.
 */
void registers_rewind(struct registers *registers);

/*
 * Some calls give up with EINTR when a thread is merely stopped and continued (signal(7), "Interruption of
 * system calls and library functions by stop signals"). Makes such a call one that the kernel makes again,
 * unless a handler is about to run. Returns true if REGISTERS were changed.
 */
bool registers_retry_interrupted(struct registers *registers);

/* Makes REGISTERS those of a thread about to execute the instruction at ADDRESS, outside of any system call.
 */
void registers_jump(struct registers *registers, uint64_t address);

/* Prepares a system call; the caller points the thread at a syscall instruction with registers_jump(). */
void registers_set_call(struct registers *registers, long number, const uint64_t arguments[6]);
long registers_result(const struct registers *registers);
