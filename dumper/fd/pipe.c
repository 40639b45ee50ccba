/* SPDX-License-Identifier: MIT */
/* Pipes, at dump: made by pipe(2), or opened anew by way of /proc/PID/fd. */
#include <string.h>

#include "dumper/fd/pipe_ends.h"

static bool pipe_matches(const struct fd_info *info)
{
	return S_ISFIFO(info->stat.st_mode) && strncmp(info->link, "pipe:[", strlen("pipe:[")) == 0;
}

static int pipe_collect(struct dump *dump, const struct process *process maybe_unused,
			const struct fd_info *info, struct open_file *file)
{
	return pipe_end_collect(dump, FD_KIND_pipe, info, NULL, file);
}

static int pipe_check_all(struct dump *dump)
{
	return pipe_ends_check(dump, FD_KIND_pipe);
}

static int pipe_write_contents(struct dump *dump, const struct open_file *file, int our_fd)
{
	return pipe_ends_write_contents(dump, FD_KIND_pipe, file, our_fd);
}

static void pipe_done(struct dump *dump)
{
	pipe_ends_done(dump, FD_KIND_pipe);
}

const struct fd_dumper pipe_fd_dumper = {
	.name = "pipe",
	.matches = pipe_matches,
	.collect = pipe_collect,
	.check = pipe_check_all,
	.write_contents = pipe_write_contents,
	.done = pipe_done,
};
