/* SPDX-License-Identifier: MIT */
/* Pipes, at restore. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/log.h"
#include "restorer/fd/pipe_ends.h"

static int pipe_read(struct restore *restore maybe_unused, struct object *object, const char **ret_reason)
{
	return pipe_end_read(object, false, ret_reason);
}

static int pipe_plan(struct restore *restore, struct object *object)
{
	return pipe_end_plan(restore, FD_KIND_pipe, object);
}

static int make(struct restore *restore, struct pipe *pipe)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return log_error_errno(-errno, "cannot make a pipe");
	pipe->read_fd = fds[0];
	pipe->write_fd = fds[1];
	return pipe_open_ends(restore, pipe, true);
}

static int pipe_open(struct restore *restore, const struct object *object, int *ret_fd)
{
	struct pipe *pipe = object->state;
	int r = pipe->is_open ? 0 : make(restore, pipe);

	return r < 0 ? r : pipe_end_take(object, ret_fd);
}

static int pipe_fill(struct restore *restore, const struct object *object, int our_fd)
{
	return pipe_end_fill(restore, object, our_fd);
}

static void pipe_kind_done(struct restore *restore)
{
	pipe_ends_done(restore, FD_KIND_pipe);
}

const struct fd_restorer pipe_fd_restorer = {
	.name = "pipe",
	.read = pipe_read,
	.plan = pipe_plan,
	.open = pipe_open,
	.fill = pipe_fill,
	.kind_done = pipe_kind_done,
};
