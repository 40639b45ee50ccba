/* SPDX-License-Identifier: MIT */
/*
 * What the kinds pipe and fifo share at dump: the open file descriptions of one pipe are brought together, it
 * is found out who else has it, and what is in it is stored with one of them.
 */
#pragma once

#include "dumper/fd/fd_dumper.h"
#include "format/fd/pipe.pb-c.h"

/* One open file description of a pipe or FIFO, in the arena. */
struct pipe_end {
	Cr__Pipe entry;
	Cr__PipeState state; /* of the entry, if it is the one that has it */
	struct open_file *file;
	const char *name; /* "pipe:[4711]", "FIFO '/run/control'" */
	bool is_fifo;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	/* None of these of a mere path (O_PATH), which is no end: */
	short events;         /* poll(2) */
	uint32_t capacity;    /* F_GETPIPE_SZ */
	uint32_t bytes;       /* FIONREAD */
	bool is_notification; /* O_NOTIFICATION_PIPE, pipe(2) */
};

/*
 * Notes a description of KIND; PATH is that of a FIFO, in the arena, and NULL of a pipe. Sets file->entry and
 * file->description.
 */
int must_check pipe_end_collect(struct dump *dump, enum fd_kind kind, const struct fd_info *info,
				Cr__NamedFile *path, struct open_file *file);

/* fd_dumper.check, .write_contents and .done of both */
int must_check pipe_ends_check(struct dump *dump, enum fd_kind kind);
int must_check pipe_ends_write_contents(struct dump *dump, enum fd_kind kind, const struct open_file *file,
					int our_fd);
void pipe_ends_done(struct dump *dump, enum fd_kind kind);
