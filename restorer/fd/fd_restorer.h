/* SPDX-License-Identifier: MIT */
/*
 * A kind of open file at restore: what it has to do; the driver, objects.c, does the rest and knows no kind.
 *
 * read: says whether object->entry, a message of the kind, is valid: -EBADMSG, and why in *ret_reason (static
 * text). Sets object->contents_size if the archive holds contents of it.
 *
 * plan: once all is read: resolves ids, adds to restore->blockers what this host cannot give. read and plan
 * touch nothing outside memory.
 *
 * preflight: once, after the last plan: adds to restore->blockers what speaks against it here and now. May
 * look at this host, and leaves no trace.
 *
 * prepare: once, when all processes exist and before the first open: makes what has to be made together.
 *
 * open: makes the open file description anew; all processes and threads exist by then. *ret_fd, O_CLOEXEC, is
 * a descriptor of this process: what the kernel has to think a process of the tree's own can be made there
 * (object_task(), puppet_run()) and taken over by pidfd_getfd(2).
 *
 * take_file: *ret_fd, O_PATH and O_NOFOLLOW, is the file that the object is bound to, or of the slave if it
 * is the master of a pseudo-terminal, once all is prepared.
 *
 * fill: restores its contents, read with archive_reader_data() until size 0; all objects are open in their
 * processes. *our_fd leads to the description.
 *
 * connect: adds calls to the batch of a process that has it at object->holder_fd, when every process has all
 * its descriptors and threads, in the order of the archive. Runs the batch itself if it needs room or a
 * result (puppet_run()).
 *
 * finish: once, after the last connect: closes what the kind still holds in this process.
 *
 * let_go: once, when all is restored, just before the first task goes on: for what must not be done to a
 * program that might not come to life.
 *
 * done: frees what the kind has in object->state; kind_done: the kind's own
 * restore->fd_kind_states[FD_KIND_name], NULL at first; in any state.
 *
 * The functions return 0 or a negative errno, and log why, but for read. NULL: nothing to do.
 *
 * Flags that can be set later, position, owner, sharing and close-on-exec are the driver's.
 */
#pragma once

#include "restorer/restore.h"

struct fd_restorer;

/* An open file description to be restored. */
struct object {
	const struct fd_restorer *kind;
	Cr__OpenFile *image;     /* owned */
	ProtobufCMessage *entry; /* owned */
	const char *path;        /* of the file, set by read; NULL: it has none; borrowed from ENTRY */
	void *state;             /* the kind's */
	struct task *holder;     /* a task that has it already, NULL: none yet */
	int holder_fd;           /* its number there */
	int our_fd;              /* kept open here for what no task has yet; -EBADF */
	uint64_t contents_size;  /* bytes of the member fd/KIND/ID; 0: there is none */
	bool has_contents;       /* it has been met */
};

struct fd_restorer {
	const char *name;
	bool is_polled_as_self; /* poll(2) of it tells of the process that polls, as with signalfd(2) */
	bool has_addresses;     /* its position may be one in the upper half of an address space: negative */
	int (*read)(struct restore *restore, struct object *object, const char **ret_reason);
	int (*plan)(struct restore *restore, struct object *object);
	int (*preflight)(struct restore *restore);
	int (*prepare)(struct restore *restore);
	int (*open)(struct restore *restore, const struct object *object, int *ret_fd);
	int (*take_file)(struct restore *restore, const struct object *object, int *ret_fd);
	int (*fill)(struct restore *restore, const struct object *object, int our_fd);
	int (*connect)(struct restore *restore, const struct object *object, struct puppet *puppet,
		       struct batch *batch);
	int (*finish)(struct restore *restore);
	int (*let_go)(struct restore *restore);
	void (*done)(struct object *object);
	void (*kind_done)(struct restore *restore);
};

/* The object of id ID; NULL: there is none. */
struct object *object_find(struct restore *restore, uint32_t id);

/* The object behind descriptor number FD of a task, 0 if it has none. In memory only, once tables are sorted:
 * from plan() on. */
uint32_t object_id_at(const struct task *task, int fd);

/* "pid 12: fd 3", a descriptor that leads to the object, or its id if none does; for a message. Returns
 * BUFFER. */
const char *object_place(const struct restore *restore, const struct object *object, char *buffer,
			 size_t size);

/* STEP with each object of a kind, in their order, until it fails. */
int must_check objects_each(struct restore *restore, const struct fd_restorer *kind,
			    int (*step)(struct restore *restore, struct object *object));

/* A descriptor of this process, O_CLOEXEC, for an object, wherever it is; it is opened if it was not yet.
 * Logs. */
int must_check object_take(struct restore *restore, struct object *object, int *ret_fd);

/* The flags that F_SETFL can change, fcntl(2); all others have to be given to open(2). */
#define OBJECT_FLAGS_SETTABLE (O_APPEND | O_NONBLOCK | O_ASYNC | O_DIRECT | O_NOATIME)
