/* SPDX-License-Identifier: MIT */
/*
 * One file descriptor of a process: /proc/PID/fdinfo/N (proc_pid_fdinfo(5)). Four keys are common to all; the
 * rest belongs to the kind of file, which looks them up or walks them.
 */
#pragma once

#include <stdbool.h>

#include "common/compiler.h"

/* "key: value" with the blanks round the value dropped. A line without ':' has the key "". Both are borrowed.
 */
struct fdinfo_entry {
	const char *key;
	const char *value;
};

struct fdinfo {
	int64_t position; /* file offset */
	uint32_t flags;   /* O_*, with O_CLOEXEC if the descriptor has it */
	int64_t mount_id; /* as in /proc/PID/mountinfo; -1 if not told */
	uint64_t inode;   /* since Linux 5.14 */
	bool has_inode;
	size_t locks_count;           /* "lock:" lines */
	struct fdinfo_entry *entries; /* all other lines, locks too, in their order; owned */
	size_t entries_count;
	size_t entries_capacity;
	char *text; /* what the entries point into; owned */
};

/* Lines in one file: an epoll or inotify instance has one for each thing it watches. */
#define FDINFO_ENTRIES_MAX 4194304
#define FDINFO_TEXT_MAX (256 * 1024 * 1024)

/* -EBADMSG without pos and flags; -E2BIG beyond FDINFO_ENTRIES_MAX. */
int must_check fdinfo_parse(const char *text, size_t size, struct fdinfo *ret);
int must_check fdinfo_read(int proc_fd, int fd, struct fdinfo *ret);
void fdinfo_done(struct fdinfo *fdinfo);

/* The value of the first entry of that key, or NULL. Lives as long as FDINFO. */
const char *fdinfo_get(const struct fdinfo *fdinfo, const char *key);

/* The same as a number in BASE; -ENOENT without such a key, -EBADMSG if the value is not just that number. */
int must_check fdinfo_get_u64(const struct fdinfo *fdinfo, const char *key, unsigned base,
			      uint64_t *ret_value);

/* A file system's number as some kinds tell it ("sdev"): the kernel's own dev_t, which is not stat(2)'s. */
#define FDINFO_DEVICE_MAJOR(number) ((unsigned)((number) >> 20))
#define FDINFO_DEVICE_MINOR(number) ((unsigned)((number) & ((1U << 20) - 1)))
