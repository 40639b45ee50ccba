/* SPDX-License-Identifier: MIT */
/*
 * File locks: the lines of /proc/locks (proc_locks(5)) and, the same, the values of "lock:" in
 * /proc/PID/fdinfo/N (proc_pid_fdinfo(5)), which shows those of that open file description, POSIX locks only
 * if they are the process's own.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "common/compiler.h"

enum file_lock_kind {
	FILE_LOCK_FLOCK,      /* flock(2), of an open file description */
	FILE_LOCK_POSIX,      /* F_SETLK, fcntl(2): of a process */
	FILE_LOCK_OFD,        /* F_OFD_SETLK: of an open file description */
	FILE_LOCK_LEASE,      /* F_SETLEASE */
	FILE_LOCK_DELEGATION, /* of a file server, or F_SETDELEG */
	FILE_LOCK_UNKNOWN,
};

/* Of a range that goes to the end of the file, wherever that is. */
#define FILE_LOCK_END ((uint64_t)INT64_MAX)

struct file_lock {
	uint64_t number; /* who waits has that of the lock it waits for */
	enum file_lock_kind kind;
	bool is_waiting;  /* somebody waits for it, and does not have it */
	bool is_write;    /* exclusive */
	bool is_read;     /* shared; neither: it is being given up */
	bool is_breaking; /* a lease that its holder has to give up */
	pid_t pid; /* who asked for it, who may be gone; -1: not told (OFD); 0: cannot be seen from here */
	unsigned major, minor; /* of the file system */
	uint64_t inode;
	uint64_t start, end; /* first and last byte */
};

struct file_lock_list {
	struct file_lock *locks;
	size_t locks_count;
	size_t locks_capacity;
};

#define FILE_LOCKS_MAX 4194304
#define FILE_LOCKS_TEXT_MAX (256 * 1024 * 1024)

/* One line. -EBADMSG if it is none. */
int must_check file_lock_parse(const char *text, size_t size, struct file_lock *ret);

/* All of them; -E2BIG beyond FILE_LOCKS_MAX. */
int must_check file_lock_list_parse(const char *text, size_t size, struct file_lock_list *ret);
int must_check file_lock_list_read(struct file_lock_list *ret);
void file_lock_list_done(struct file_lock_list *list);

/* Whether they are locks of the same file. */
bool file_lock_is_of_same_file(const struct file_lock *left, const struct file_lock *right);

/* Whether two holders cannot have both: of the same file and nature, overlapping, and not both shared. */
bool file_lock_conflicts(const struct file_lock *left, const struct file_lock *right);

/* For "a ...": "flock (exclusive)", "POSIX read lock of bytes 100 to 199", "write lease"; returns BUFFER. */
#define FILE_LOCK_TEXT_SIZE 96
const char *file_lock_describe(const struct file_lock *lock, char buffer[FILE_LOCK_TEXT_SIZE]);
