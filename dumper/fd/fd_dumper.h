/* SPDX-License-Identifier: MIT */
/*
 * A kind of open file at dump: what it has to do; the driver, open_files.c, does the rest and knows no kind.
 *
 * matches: whether a descriptor is of this kind; no side effects. Exactly one kind says yes.
 *
 * collect: sets file->entry, the kind's message, and file->description, from a descriptor that is open in
 * INFO only now; both live in dump->arena. What cannot be preserved goes to dump->blockers.
 *
 * want: once, when all descriptors of all processes have been collected, before the search for who else has
 * them: says what it is to look for as well (holders_want()).
 *
 * check: once, when all descriptors of all processes have been collected: whether the files of the kind make
 * a whole with each other, with others in dump->open_files and with what is outside. Adds blockers.
 *
 * asked: once, when the threads have run what was to be asked of them. Adds blockers.
 *
 * dump: completes the entry while images are written.
 *
 * write_contents: writes exactly file->contents_size bytes to dump->writer with archive_writer_data() or
 * archive_writer_reserve(); called if that is not 0. OUR_FD leads to the description for now.
 *
 * before_end: once, when the archive exists and before the tree is killed or left stopped; after_end: when
 * that has been done.
 *
 * done: frees dump->fd_kind_states[FD_KIND_name], which is the kind's own, NULL at first; in any state.
 *
 * The functions return 0 or a negative errno, already logged. NULL: nothing to do.
 *
 * Flags, position, owner, sharing and close-on-exec are the driver's.
 */
#pragma once

#include "dumper/dump.h"
#include "dumper/fd/fd_info.h"

struct fd_dumper;

/* An open file description of the tree, in the arena. Its id is its index in dump->open_files + 1. */
struct open_file {
	const struct fd_dumper *kind; /* NULL: there is none, which is a blocker */
	const struct process
		*process; /* where it was met first; NULL: in cr-dump, see open_files_add_own() */
	int own_fd;       /* what cr-dump holds of one that was found in a queue; -EBADF */
	const struct process *receiver; /* the same, or the one that has the queue it was found in */
	pid_t pid;                      /* its id, or that of a living thread, */
	int fd;                         /* and the number there */
	const char *place;              /* "fd 3", or that it is in a queue of RECEIVER */
	uint64_t device, inode;         /* of its file, fstat(2) */
	bool is_socket;                 /* socket(7): no other description has its inode */
	bool is_bound;                  /* to this file, by its kind: */
	uint64_t bound_device, bound_inode;
	uint32_t before, after; /* ids of the next smaller and greater in the tree of open_files.c; 0: none */
	Cr__OpenFile image;
	const ProtobufCMessage *entry;
	const char *description; /* for a person: a path, mostly */
	uint64_t contents_size;  /* bytes of the member fd/KIND/ID; 0: it has none */
};

/* The scopes of messages about an open file: where it is. */
#define OPEN_FILE_LOG_SCOPE(file)                                                                            \
	LOG_SCOPE("pid %d (%s): %s", (int)(file)->receiver->pidref.pid, (file)->receiver->status.name,       \
		  (file)->place)

struct fd_dumper {
	const char *name;
	/* It shows as "anon_inode:NAME", and a process outside of the tree that shares one is a blocker. */
	const char *inside_only_name;
	bool is_polled_as_self; /* poll(2) of it tells of the process that polls, as with signalfd(2) */
	bool (*matches)(const struct fd_info *info);
	int (*collect)(struct dump *dump, const struct process *process, const struct fd_info *info,
		       struct open_file *file);
	int (*want)(struct dump *dump);
	int (*check)(struct dump *dump);
	int (*asked)(struct dump *dump);
	int (*dump)(struct dump *dump, struct open_file *file);
	int (*write_contents)(struct dump *dump, const struct open_file *file, int our_fd);
	int (*before_end)(struct dump *dump);
	int (*after_end)(struct dump *dump);
	void (*done)(struct dump *dump);
};

/* Looks at it again, as when it was collected. Silent. */
int must_check open_file_look(const struct open_file *file, struct fd_info *ret);

/* A descriptor of ours, O_CLOEXEC, that leads to the description. Silent. */
int must_check open_file_take(const struct open_file *file, int *ret_fd);
