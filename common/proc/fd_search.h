/* SPDX-License-Identifier: MIT */
/*
 * Who has given pipes, sockets and files open: one pass over the descriptors of all processes
 * (proc_pid_fd(5)), those of threads with a table of their own too (CLONE_FILES, clone(2)).
 *
 * Not seen are descriptors on their way in a socket's queue (SCM_RIGHTS, unix(7)) or given to io_uring, and
 * processes that the mounted /proc does not show: of pid namespaces that are not below its own. Others run
 * meanwhile: of a descriptor that changes hands during the pass nothing may be seen.
 *
 * Of the calling process, and of what shares its table, only descriptors without close-on-exec count. It
 * opens its own with it; what lacks it was there before the program was started, and is held for whoever
 * started it.
 */
#pragma once

#include <sys/types.h>

#include "common/compiler.h"
#include "common/id_map.h"
#include "common/proc/proc_dir.h"

enum fd_object_type {
	FD_OBJECT_PIPE,      /* pipe(7), by the inode of "pipe:[1234]" */
	FD_OBJECT_SOCKET,    /* socket(7), by the inode of "socket:[1234]" */
	FD_OBJECT_FILE,      /* what has a path, a FIFO for example, by device and inode */
	FD_OBJECT_ANONYMOUS, /* all of one type, for these have no inode of their own: fd_object_anonymous()
			      */
	FD_OBJECT_TYPE_COUNT,
};

struct fd_object {
	enum fd_object_type type;
	uint64_t device; /* st_dev (stat(2)) of a file; 0 */
	uint64_t inode;
};

/* What the kernel shows as "anon_inode:NAME". */
struct fd_object fd_object_anonymous(const char *name);

struct fd_holder {
	pid_t pid;
	int fd;
	uint32_t flags; /* O_*, as fdinfo tells them: the access mode, O_PATH; 0 of what is anonymous */
	char comm[PROC_COMM_SIZE]; /* as it is, any bytes */
};

struct fd_search_entry;

/* {0} is an empty search. */
struct fd_search {
	struct fd_search_entry *entries; /* objects to look for */
	size_t entries_count, entries_capacity;
	struct id_map by_inode[FD_OBJECT_TYPE_COUNT]; /* first of that inode: index in entries + 1 */
	struct id_map excluded;                       /* pids */
	size_t unreadable_count;                      /* processes that could not be looked at */
	uint64_t scanned_count;                       /* descriptors that were looked at */
};

/* Adds an object to look for: 1, or 0 if it was there already; -ENOMEM. */
int must_check fd_search_add(struct fd_search *search, const struct fd_object *object);

/* The process does not count as a holder. */
int must_check fd_search_exclude(struct fd_search *search, pid_t pid);

/* The pass; forgets what an earlier one has found. Processes that end meanwhile are no error. */
int must_check fd_search_run(struct fd_search *search);

/* The holders of an object, by pid and number; NULL if there are none. Borrowed until the next pass. */
const struct fd_holder *fd_search_get(const struct fd_search *search, const struct fd_object *object,
				      size_t *ret_count);

/* Whether the table of a process is that of the calling one: it is that, or made to act for it (CLONE_FILES).
 */
bool fd_search_is_own(pid_t pid);

void fd_search_done(struct fd_search *search);

/* "pipe:[1234]", "socket:[1234]", "anon_inode:NAME": what a link in /proc/PID/fd of such an object leads to.
 */
bool fd_link_parse(const char *text, size_t size, struct fd_object *ret_object);
