/* SPDX-License-Identifier: MIT */
/* The descriptors of processes, and the open file descriptions (open(2)) behind them, each once however many
 * share it. */
#pragma once

#include "dumper/dump.h"

/*
 * Looks at every descriptor of a frozen PROCESS: makes process->descriptors, adds to dump->open_files what
 * was not met before and to process->summary. All processes and threads of the tree must be known. Opens the
 * log scope "fd N", not that of the process. What cannot be preserved goes to dump->blockers.
 */
int must_check open_files_collect(struct dump *dump, struct process *process);

/*
 * For a kind, from its collect(): the id of the description behind OUR_FD, a descriptor of cr-dump itself,
 * which was found in a queue (SCM_RIGHTS, unix(7)). It may be open in processes as well, or nowhere else.
 * Takes *OUR_FD if it must stay open. PROCESS is the one whose queue it is, for messages.
 */
int must_check open_files_add_own(struct dump *dump, const struct process *process, int *our_fd,
				  uint32_t *ret_id);

/* A descriptor, and what fstat(2) says of its file. Or a target of the epoll instance that the descriptor
 * leads to. */
struct kcmp_epoll_slot;
struct open_file_key {
	pid_t pid;
	int fd;
	uint64_t device, inode;               /* of the target, if it is one */
	const struct kcmp_epoll_slot *target; /* which, kcmp(2); efd is FD. NULL: it is none */
};

/*
 * The id of the description behind a descriptor of any process, 0 if it is none of those that were met. A
 * negative errno of kcmp(2), not logged: -ESRCH and -EBADF if it has gone, -EPERM without the right to look.
 */
int must_check open_files_find(const struct dump *dump, const struct open_file_key *key, uint32_t *ret_id);

/* Whether the key means the description of KNOWN: 1 or 0, or a negative errno like above. */
int must_check open_file_is(const struct open_file *known, const struct open_file_key *key);

/* The id of the description behind descriptor number FD of a process that has been collected; 0: there is
 * none. */
uint32_t open_files_get(const struct process *process, int fd);

/* After the last process: lets every kind look at what was collected as a whole. */
int must_check open_files_check(struct dump *dump);

/* When all threads have been asked. */
int must_check open_files_asked(struct dump *dump);

/* Writes fd/KIND.pb for every kind that is there, */
int must_check open_files_write(struct dump *dump);
/* and fd/KIND/ID for every description that has contents of its own. */
int must_check open_files_write_contents(struct dump *dump);

/* Before the tree is killed or left stopped, and after it. */
int must_check open_files_before_end(struct dump *dump);
int must_check open_files_after_end(struct dump *dump);

/*
 * When all has been read: closes what was kept of descriptors in queues. A tree that goes on must not find a
 * pipe or socket open because of us.
 */
void open_files_release(struct dump *dump);
void open_files_done(struct dump *dump);
