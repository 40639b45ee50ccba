/* SPDX-License-Identifier: MIT */
/*
 * The directories of /proc: opening a process or a thread, listing numeric names (proc(5)).
 *
 * A "proc_fd" is an O_PATH directory descriptor of /proc/PID or /proc/PID/task/TID. It stays bound to that
 * one task: when the task is gone reads fail with -ESRCH, or -ENOENT, even if its number is in use again.
 */
#pragma once

#include <sys/types.h>

#include "common/compiler.h"

/* Room for the longest name /proc shows; a kernel worker's is longer than the 16 of a user task. */
#define PROC_COMM_SIZE 64

/* What /proc is, to a process that wants to look at others. */
enum proc_mount {
	PROC_MOUNT_USABLE,
	PROC_MOUNT_MISSING,    /* no proc file system, or one in which we have no number */
	PROC_MOUNT_OTHER_PIDS, /* its numbers are those of another pid namespace than ours */
	PROC_MOUNT_ONLY_PIDS,  /* mounted with subset=pid: nothing about the system is there */
};

/* Numbers that are ours must never be looked up in a /proc that counts otherwise. */
enum proc_mount proc_mount_check(void);
/* What is wrong with it, and what to do; NULL if nothing is. */
const char *proc_mount_problem(enum proc_mount mount);

/* -ESRCH if there is no such task. PID counts in the pid namespace of the mounted /proc. */
int must_check proc_open(pid_t pid, int *ret_fd);

/* PROC_FD is a process, not a thread. */
int must_check proc_open_thread(int proc_fd, pid_t tid, int *ret_fd);

/* The tids of a process, ascending; the caller frees *RET_TIDS. New ones may appear while the task runs. */
int must_check proc_list_threads(int proc_fd, pid_t **ret_tids, size_t *ret_count);

/*
 * The entries of PATH below DIRECTORY_FD that are decimal numbers fitting an int, ascending: "fd", "task", or
 * "/proc" with AT_FDCWD. The caller frees *RET_NUMBERS, which is never NULL on success.
 */
int must_check proc_list_numbers(int directory_fd, const char *path, int **ret_numbers, size_t *ret_count);

/* The command name as it is; it may hold any byte, newlines too. */
int must_check proc_read_comm(int proc_fd, char ret_comm[PROC_COMM_SIZE]);

/* What a security module calls the task, in fresh memory that the caller frees; NULL if none does, or the
 * label may not be read. */
char *proc_read_label(int proc_fd);
