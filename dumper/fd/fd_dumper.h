/* SPDX-License-Identifier: MIT */
/*
 * A kind of open file at dump: what it has to do; the driver, open_files.c, does the rest and knows no kind.
 *
 * matches   whether a descriptor is of this kind; no side effects. Exactly one kind says yes.
 * collect   sets file->entry, the kind's message, and file->description, from a descriptor that is open in
 *           INFO only now; both live in dump->arena. What cannot be preserved goes to dump->blockers.
 * dump      completes the entry while images are written; finish: once, after the last.
 * The functions return 0 or a negative errno, already logged. NULL: nothing to do.
 *
 * Flags, position, owner, sharing and close-on-exec are the driver's.
 */
#pragma once

#include "dumper/dump.h"
#include "dumper/fd/fd_info.h"

struct fd_dumper;

/* An open file description of the tree. Its id is its index in dump->open_files + 1. */
struct open_file {
	const struct fd_dumper *kind; /* NULL: there is none, which is a blocker */
	pid_t pid;                    /* where it was met first, */
	int fd;                       /* and its number there */
	uint64_t device, inode;       /* of its file, fstat(2) */
	uint32_t before, after; /* ids of the next smaller and greater in the tree of open_files.c; 0: none */
	Cr__OpenFile image;
	const ProtobufCMessage *entry;
	const char *description; /* for a person: a path, mostly */
};

struct fd_dumper {
	const char *name;
	bool (*matches)(const struct fd_info *info);
	int (*collect)(struct dump *dump, const struct process *process, const struct fd_info *info,
		       struct open_file *file);
	int (*dump)(struct dump *dump, struct open_file *file);
	int (*finish)(struct dump *dump);
};
