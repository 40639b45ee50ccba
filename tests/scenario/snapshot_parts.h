/* SPDX-License-Identifier: MIT */
/* What the parts of snapshot.h share. All return 0 or a negative errno. */
#pragma once

#include "common/compiler.h"
#include "snapshot.h"

/* A descriptor, to be compared with those that follow. */
struct snapshot_fd {
	pid_t pid;
	int fd;
	char *target; /* owned */
};

int snapshot_add_line(struct snapshot *snapshot, const char *format, ...) printf_like(2, 3);

/* All of one process that has not ended, but its place in the tree. */
int snapshot_add_process(struct snapshot *snapshot, pid_t pid);

/* When all is there. */
int snapshot_number_pipes_and_sockets(struct snapshot *snapshot);
