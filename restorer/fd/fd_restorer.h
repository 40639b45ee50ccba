/* SPDX-License-Identifier: MIT */
/*
 * A kind of open file at restore: what it has to do; the driver, objects.c, does the rest and knows no kind.
 *
 * read   says whether object->entry, a message of the kind, is valid: -EBADMSG, and why in *ret_reason
 * (static text). plan   once all is read: resolves ids, adds to restore->blockers what this host cannot give.
 * read and plan touch nothing outside memory. open   makes the open file description anew in this process;
 * *ret_fd is O_CLOEXEC. Logs. done   frees what the kind has in object->state. The functions return 0 or a
 * negative errno. NULL: nothing to do.
 *
 * Flags that can be set later, position, owner, sharing and close-on-exec are the driver's.
 */
#pragma once

#include "restorer/restore.h"

struct fd_restorer;

/* An open file description to be restored. */
struct object {
	const struct fd_restorer *kind;
	Cr__OpenFile *image;       /* owned */
	ProtobufCMessage *entry;   /* owned */
	void *state;               /* the kind's */
	const struct task *holder; /* a task that has it already, NULL: none yet */
	int holder_fd;             /* its number there */
};

struct fd_restorer {
	const char *name;
	int (*read)(struct restore *restore, struct object *object, const char **ret_reason);
	int (*plan)(struct restore *restore, struct object *object);
	int (*open)(struct restore *restore, const struct object *object, int *ret_fd);
	void (*done)(struct object *object);
};

/* The flags that F_SETFL can change, fcntl(2); all others have to be given to open(2). */
#define OBJECT_FLAGS_SETTABLE (O_APPEND | O_NONBLOCK | O_ASYNC | O_DIRECT | O_NOATIME)
