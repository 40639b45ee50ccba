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
	dev_t filesystem; /* with the node; not for a master */
	char comm[PROC_COMM_SIZE];
};

struct terminal_holders {
	struct terminal_holder *items; /* by pid and descriptor; owned */
	size_t items_count, items_capacity;
	size_t unreadable_count; /* processes that could not be looked at */
};

/* Processes that end meanwhile are no error; what is /dev/tty is not seen. */
int must_check terminal_holders_read(struct terminal_holders *ret);
void terminal_holders_done(struct terminal_holders *holders);
