/* SPDX-License-Identifier: MIT */
/*
 * What the kinds pipe and fifo share at restore: all open file descriptions of one pipe are opened together,
 * when the first of them is wanted; the others wait here until they are.
 */
#pragma once

#include "format/fd/pipe.pb-c.h"
#include "restorer/fd/fd_restorer.h"

struct pipe_end {
	struct object *object;
	int fd; /* ours until it is taken, -EBADF: not opened yet, or taken */
};

/* One pipe or FIFO. */
struct pipe {
	uint32_t first_id;
	const Cr__PipeState *state; /* of the first object; borrowed */
	const Cr__NamedFile *file;  /* of a FIFO: by which the first object was opened; borrowed */
	struct pipe_end *ends;      /* owned */
	size_t ends_count, ends_capacity;
	int read_fd, write_fd; /* ours, while it is opened; -EBADF */
	bool is_open;
};

/* fd_restorer.read; contents_size is set. */
int must_check pipe_end_read(struct object *object, bool is_fifo, const char **ret_reason);

/* fd_restorer.plan: finds the pipe of an object, and makes object->state lead to it. -EBADMSG, logged. */
int must_check pipe_end_plan(struct restore *restore, enum fd_kind kind, struct object *object);

/*
 * Opens all descriptions of a pipe, through pipe->read_fd, which is open already, as is pipe->write_fd of a
 * pipe but not of a FIFO; sets the capacity and, if it is one that we have made, owner and permissions. The
 * two are closed.
 */
int must_check pipe_open_ends(struct restore *restore, struct pipe *pipe, bool is_made);

/* Opens a FIFO without waiting, by its path, or by the door of its ghost if it has no name any more. Logs. */
int must_check pipe_open_file(struct restore *restore, const Cr__NamedFile *file, uint32_t flags,
			      int *ret_fd);

/* fd_restorer.fill and .kind_done */
int must_check pipe_end_fill(struct restore *restore, const struct object *object, int our_fd);
void pipe_ends_done(struct restore *restore, enum fd_kind kind);

/* Hands out a description that is open. */
int must_check pipe_end_take(const struct object *object, int *ret_fd);
