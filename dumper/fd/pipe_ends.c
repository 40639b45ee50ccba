/* SPDX-License-Identifier: MIT */
/* Brings the open file descriptions of each pipe together. */
#include "dumper/fd/pipe_ends.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ioctl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/vector.h"
#include "dumper/fd/pipe_group.h"
#include "dumper/fd/pipe_peek.h"
#include "dumper/holders.h"
#include "format/fd/pipe.h"

/* IOC_WATCH_QUEUE_SET_SIZE of <linux/watch_queue.h>, which cannot be included along with <fcntl.h>. */
#define NOTIFICATION_SET_SIZE _IO('W', 0x60)

/* What a kind keeps. */
struct pipe_ends {
	struct pipe_end **ends; /* in the arena */
	size_t ends_count, ends_capacity;
	struct pipe_peek peek;
};

static struct pipe_ends *ends_of(struct dump *dump, enum fd_kind kind)
{
	struct pipe_ends *ends = dump->fd_kind_states[kind];

	if (!ends) {
		ends = calloc(1, sizeof(*ends));
		if (!ends)
			return NULL;
		ends->peek = PIPE_PEEK_NULL;
		dump->fd_kind_states[kind] = ends;
	}
	return ends;
}

void pipe_ends_done(struct dump *dump, enum fd_kind kind)
{
	struct pipe_ends *ends = dump->fd_kind_states[kind];

	if (!ends)
		return;
	pipe_peek_done(&ends->peek);
	free(ends->ends);
	free(ends);
	dump->fd_kind_states[kind] = NULL;
}

/* A size of 0 is refused by all, with another error by a pipe that has no queue of notifications. */
static bool is_notification(int fd)
{
	return ioctl(fd, NOTIFICATION_SET_SIZE, 0) < 0 && (errno == EINVAL || errno == EBUSY);
}

static int ask(struct pipe_end *end, int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN | POLLOUT};
	int capacity = fcntl(fd, F_GETPIPE_SZ), bytes = 0;

	if (capacity < 0 || ioctl(fd, FIONREAD, &bytes) < 0 || poll(&poll_fd, 1, 0) < 0)
		return log_error_errno(-errno, "cannot ask the pipe for its state");
	end->capacity = (uint32_t)capacity;
	end->bytes = (uint32_t)bytes;
	end->events = poll_fd.revents;
	end->is_notification = is_notification(fd);
	return 0;
}

static int name_end(struct dump *dump, const struct fd_info *info, struct pipe_end *end)
{
	end->name = end->is_fifo ? arena_format(&dump->arena, "FIFO '%s'",
						fd_info_printable(info->link, &dump->arena))
				 : arena_format(&dump->arena, "pipe:[%ju]", (uintmax_t)info->stat.st_ino);
	if (!end->name)
		return -ENOMEM;
	end->file->description = arena_format(&dump->arena, "%s (%s)", end->name, pipe_end_word(info->flags));
	return end->file->description ? 0 : -ENOMEM;
}

int pipe_end_collect(struct dump *dump, enum fd_kind kind, const struct fd_info *info, Cr__NamedFile *path,
		     struct open_file *file)
{
	struct pipe_ends *ends = ends_of(dump, kind);
	struct pipe_end *end = arena_new(&dump->arena, struct pipe_end);
	struct pipe_end **slot = ends && end ? vector_append(ends, ends) : NULL;
	struct fd_object object;
	int r;

	if (!slot)
		return log_error_errno(-ENOMEM, "cannot note the pipe");
	*slot = end;
	cr__pipe__init(&end->entry);
	cr__pipe_state__init(&end->state);
	end->entry.file = path;
	end->is_fifo = path != NULL;
	end->file = file;
	end->mode = info->stat.st_mode & 07777;
	end->uid = info->stat.st_uid;
	end->gid = info->stat.st_gid;
	file->entry = &end->entry.base;
	r = name_end(dump, info, end);
	if (r < 0)
		return log_error_errno(r, "cannot note the pipe");
	object = pipe_end_object(end);
	r = holders_want(dump, &object);
	return r < 0 || info->flags & O_PATH ? r : ask(end, info->our_fd);
}

static int compare_ends(const void *left, const void *right)
{
	const struct open_file *a = (*(struct pipe_end *const *)left)->file;
	const struct open_file *b = (*(struct pipe_end *const *)right)->file;

	if (a->device != b->device)
		return a->device < b->device ? -1 : 1;
	if (a->inode != b->inode)
		return a->inode < b->inode ? -1 : 1;
	return (a->image.id > b->image.id) - (a->image.id < b->image.id);
}

static bool are_of_one_pipe(const struct pipe_end *a, const struct pipe_end *b)
{
	return a->file->inode == b->file->inode && a->file->device == b->file->device;
}

int pipe_ends_check(struct dump *dump, enum fd_kind kind)
{
	struct pipe_ends *ends = dump->fd_kind_states[kind];
	size_t next;

	if (!ends)
		return 0;
	qsort(ends->ends, ends->ends_count, sizeof(struct pipe_end *), compare_ends);
	for (size_t first = 0; first < ends->ends_count; first = next) {
		struct pipe_group group = {.dump = dump, .ends = &ends->ends[first]};
		int r;

		next = first + 1;
		while (next < ends->ends_count && are_of_one_pipe(ends->ends[first], ends->ends[next]))
			next++;
		group.count = next - first;
		r = pipe_group_check(&group, &ends->peek);
		if (r < 0)
			return r;
	}
	return 0;
}

int pipe_ends_write_contents(struct dump *dump, enum fd_kind kind, const struct open_file *file, int our_fd)
{
	const struct pipe_end *end = (const struct pipe_end *)file->entry;
	struct pipe_ends *ends = dump->fd_kind_states[kind];
	cleanup_close int fd = -EBADF;
	int r = pipe_end_open_for_reading(end, our_fd, &fd);

	if (r < 0)
		return log_error_errno(r, "cannot read what is in it");
	return pipe_peek_write(&ends->peek, fd, end->capacity, end->bytes, dump->writer);
}
