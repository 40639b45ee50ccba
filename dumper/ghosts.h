/* SPDX-License-Identifier: MIT */
/*
 * Ghosts: files that are in use in the tree but that no path leads to: deleted ones and memfds, and those
 * that a mount hides. Each is an object of its own in the archive, with what it holds, unless it is still
 * there, however many descriptors, mappings and directories of processes refer to it.
 */
#pragma once

#include <sys/stat.h>

#include "dumper/dump.h"
#include "format/ghost.pb-c.h"

/* One use of such a file. */
struct ghost_use {
	int fd;                /* ours, leads to the file, O_PATH will do; borrowed */
	const char *path;      /* as /proc tells, without " (deleted)"; borrowed */
	const char *hidden_as; /* it has that name, but it leads elsewhere: the message if it cannot be found;
				  or NULL */
	struct stat stat;
	Cr__SysvSegment *sysv; /* it is such a segment; in the arena, or NULL */
	const char *where;     /* "fd 3", for messages; borrowed */
	bool may_write;        /* what it holds, by this use */
	bool is_private;       /* by this use nobody else's changes matter: it is run, or mapped privately */
};

/*
 * Takes a file as a ghost. *ret_id is 0 after adding a blocker: it is too large, may not be read, or cannot
 * be found again.
 */
int must_check ghosts_add(struct dump *dump, const struct process *process, const struct ghost_use *use,
			  uint32_t *ret_id);

/* LINK as /proc tells it, without its " (deleted)", in the arena; NULL if memory is short, or it has none. */
const char *ghost_path(struct dump *dump, const char *link);

/* Once all is collected: whether the files are shared with processes that are not dumped. */
int must_check ghosts_check(struct dump *dump);

/* Write ghost/ID.pb, and ghost/ID. */
int must_check ghosts_write(struct dump *dump);
int must_check ghosts_write_contents(struct dump *dump);

void ghosts_done(struct dump *dump);
