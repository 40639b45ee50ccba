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

#include "common/compiler.h"

/* False if no thread can be in a domain: the kernel has no Landlock, or it was booted without. */
bool landlock_is_there(void);

/*
 * A child that has these ids, no capabilities, and a memory that holds nothing; it ends at once, and stays a
 * zombie until landlock_witness_end(), by which it can be looked at as well. SIGCHLD must not be ignored.
 * -EPERM without CAP_SETUID and CAP_SETGID, if these ids are not our own; another error if no program can be
 * started.
 */
int must_check landlock_witness_make(uid_t uid, gid_t gid, pid_t *ret_pid);
void landlock_witness_end(pid_t pid);
