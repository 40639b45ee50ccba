/* SPDX-License-Identifier: MIT */
/* One ghost, for the files that deal with them. */
#pragma once

#include <sys/types.h>

#include "common/id_map.h"
#include "dumper/dump.h"
#include "format/ghost.pb-c.h"

struct ghost {
	dev_t device;
	ino_t inode;
	struct ghost *next; /* of the same inode number */
	int fd;             /* O_PATH */
	bool is_blocked;
	bool is_shareable;   /* it is in use otherwise than as a program or mapped privately */
	bool may_be_written; /* by the tree */
	pid_t pid;           /* who was met first with it */
	const char *where;   /* and how: "fd 3", in the arena */
	char **paths;        /* the array is owned, its strings are in the arena */
	size_t paths_count, paths_capacity;
	Cr__Ghost image;
};

struct ghosts {
	struct ghost **ghosts; /* in the arena; those that are not blocked have index + 1 for an id */
	size_t ghosts_count, ghosts_capacity;
	struct ghost **blocked;
	size_t blocked_count, blocked_capacity;
	struct id_map by_inode; /* to the first */
	/* Of files and directories of which the name that was mounted is gone; the strings are in the arena.
	 */
	char **mounted_paths;
	size_t mounted_paths_count, mounted_paths_capacity;
	bool has_mounted_paths;
};

struct ghost *ghost_find(const struct ghosts *ghosts, dev_t device, ino_t inode);
