/* SPDX-License-Identifier: MIT */
/*
 * Whether a thread is in a Landlock domain (landlock(7)), which the kernel tells nobody. But a thread in a
 * domain may not look at a process outside of it, of whatever kind the domain is
 * (Documentation/userspace-api/landlock.rst, "Ptrace restrictions"), and that shows when the thread asks
 * about a process that it could look at otherwise (ptrace(2), "Ptrace access mode checking"): with
 * CAP_SYS_PTRACE that is any, without it one that has its own real ids, and no capabilities. Who makes that
 * one must not be in the same domain.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "common/cleanup.h"
#include "common/compiler.h"

/* False if no thread can be in a domain: the kernel has no Landlock, or it was booted without. */
bool landlock_is_there(void);

/*
 * A child that has these ids, no capabilities, and a memory that holds nothing. It ends at once, and stays a
 * zombie until it is freed, by which it can be looked at as well. SIGCHLD must not be ignored.
 *
 * Until all that have been started have been waited for, they may share our memory: it is not dumpable then,
 * unless the ids are our own, and must not be made so.
 */
struct landlock_witness;

int must_check landlock_witness_start(uid_t uid, gid_t gid, struct landlock_witness **ret_witness);
void landlock_witness_free(struct landlock_witness *witness);
DEFINE_FREEP(landlock_witness, landlock_witness_free)

bool landlock_witness_is_of(const struct landlock_witness *witness, uid_t uid, gid_t gid);

/* Waits until it has ended. -EPERM: without CAP_SETUID and CAP_SETGID it cannot have other ids than we;
 * another error if no program can be started. */
int must_check landlock_witness_wait(struct landlock_witness *witness);

/* Borrowed; valid until it is freed. */
pid_t landlock_witness_pid(const struct landlock_witness *witness);
