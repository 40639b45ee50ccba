/* SPDX-License-Identifier: MIT */
/* Who has terminals open: one look at the descriptors of all processes (proc_pid_fd(5)). */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "common/compiler.h"
#include "common/proc/proc_dir.h"

struct terminal_holder {
	pid_t pid;
	int fd;
	bool is_master;   /* of a pseudo-terminal */
	dev_t device;     /* of the node; of a master, that of its slave */
	dev_t filesystem; /* with the node; of a master, see below */
	char comm[PROC_COMM_SIZE];
};

struct terminal_holders {
	struct terminal_holder *items; /* by pid and descriptor; owned */
	size_t items_count, items_capacity;
	size_t unreadable_count; /* processes that could not be looked at */
};

/* Processes that end meanwhile are no error; what is /dev/tty is not seen. */
int must_check terminal_holders_read(struct terminal_holders *ret);

/*
 * The filesystem that the slave of a master's holder is on. Numbers are those of a devpts instance, of which
 * each container has its own. For a moment it is open here too. -ESRCH, -EBADF: not held any more; -EPERM.
 */
int must_check terminal_holder_find_filesystem(const struct terminal_holder *master, dev_t *ret_filesystem);

void terminal_holders_done(struct terminal_holders *holders);
