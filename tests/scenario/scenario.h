/* SPDX-License-Identifier: MIT */
/*
 * What a scenario program needs: it makes its object, calls scenario_checkpoint(), verifies, and ends with
 * scenario_pass() or scenario_fail(). Nothing here keeps a file descriptor, a signal handler, a timer or heap
 * memory, so the only state of the process is what the program itself made.
 *
 * The agreement with the runner lives in the directory that the program was started in: the program makes the
 * symbolic link "ready.N" at its N-th checkpoint (a link needs no descriptor and appears at once), the runner
 * answers with the file "go.N", and the link "result" holds "pass", "fail: REASON" or "skip: REASON".
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>

/* Announces and waits; returns after the runner has done with the process what its mode says. */
void scenario_checkpoint(void);

/* The two halves, and a look without waiting, for programs that must be doing something else meanwhile. */
void scenario_announce(void);
void scenario_wait(void);
bool scenario_is_released(void);

/*
 * Runs BODY in a process of its own that is nobody's child and in another session, so that it is no part of
 * what is dumped, and may outlive it: for what the program cannot do itself, such as to announce its
 * checkpoint when it is stopped. PID is the program's.
 */
void scenario_start_helper(void (*body)(pid_t pid));

/* The directory by the name it has after a chroot(2). PATH is copied. */
void scenario_set_directory(const char *path);

_Noreturn void scenario_pass(void);
_Noreturn void scenario_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Before the first checkpoint only: this host cannot do what the scenario is about. */
_Noreturn void scenario_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Something the scenario is about must hold. */
#define scenario_check(condition)                                                                            \
	do {                                                                                                 \
		if (!(condition))                                                                            \
			scenario_fail("%s:%d: %s", __FILE__, __LINE__, #condition);                          \
	} while (0)

#define scenario_check_equal(actual, expected)                                                               \
	do {                                                                                                 \
		long long actual_ = (long long)(actual);                                                     \
		long long expected_ = (long long)(expected);                                                 \
		if (actual_ != expected_)                                                                    \
			scenario_fail("%s:%d: %s is %lld (%#llx), not %lld (%#llx)", __FILE__, __LINE__,     \
				      #actual, actual_, (unsigned long long)actual_, expected_,              \
				      (unsigned long long)expected_);                                        \
	} while (0)

/* A call of the kernel or libc must not return -1 (or MAP_FAILED); its value. */
#define scenario_call(call)                                                                                  \
	({                                                                                                   \
		__typeof__(call) called_ = (call);                                                           \
		if ((long)called_ == -1)                                                                     \
			scenario_fail("%s:%d: %s: %s", __FILE__, __LINE__, #call, strerror(errno));          \
		called_;                                                                                     \
	})

int64_t scenario_now_ns(clockid_t clock);

/*
 * Puts the calling thread first in line (SCHED_FIFO), where that is permitted: for one that judges how late
 * something is, so that it is not late itself because others are at work.
 */
void scenario_run_first(void);

/* Sleeps that long, whatever signals arrive. */
void scenario_sleep_ms(unsigned int milliseconds);

/*
 * How long the waits for the runner were held up in all: the time this process did not run because it was
 * frozen or not there. Timeouts may come that much later, never earlier.
 */
int64_t scenario_frozen_ns(void);

/* SIZE bytes that follow from SEED, and whether they are still the same; both without calls of the kernel. */
void scenario_fill(void *memory, size_t size, uint64_t seed);
bool scenario_is_filled(const void *memory, size_t size, uint64_t seed);

/* Makes the empty file PATH with MODE, whatever the umask. */
void scenario_create(const char *path, mode_t mode);

/* Writes the program that is running to the descriptor TO. */
void scenario_copy_program(int to);

/*
 * Programs of several processes. One of them announces the checkpoint, when all others are where they shall
 * be; these wait in scenario_join(). Whatever a child finds wrong it tells with scenario_fail() itself.
 */
pid_t scenario_fork(void);
/* Waits until the checkpoint is over that another process announces. */
void scenario_join(void);
/* A mark that other processes see and can wait for; kept over checkpoints. */
void scenario_mark(const char *format, ...) __attribute__((format(printf, 1, 2)));
void scenario_await(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Waits for the child PID, which must exit with STATUS. */
void scenario_reap(pid_t pid, int status);

/* Waits until the thread TID, of this process or another, is blocked in the system call NUMBER, or goes on
 * with one that was interrupted. */
void scenario_wait_blocked(pid_t tid, long number);

/* The value of KEY in /proc/self/status (the calling thread's: task/TID), without leading blanks. */
void scenario_status_field(const char *key, char *buffer, size_t size);

#define SCENARIO_MS 1000000LL
#define SCENARIO_SECOND 1000000000LL
