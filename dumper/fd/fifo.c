/* SPDX-License-Identifier: MIT */
/* FIFOs, at dump: pipes that are opened by a path. */
#include <fcntl.h>

#include "dumper/fd/named_file.h"
#include "dumper/fd/pipe_ends.h"

static bool fifo_matches(const struct fd_info *info)
{
	return S_ISFIFO(info->stat.st_mode) && !(info->flags & O_PATH) && fd_info_has_path(info);
}

static int fifo_collect(struct dump *dump, const struct process *process, const struct fd_info *info,
			struct open_file *file)
{
	int r = named_file_collect(dump, process, info, file);
	Cr__NamedFile *path = (Cr__NamedFile *)file->entry;

	if (r < 0 || !path)
		return r;
	if (path->ghost_id != 0 && info->flags & O_NOFOLLOW)
		blockers_add(
			&dump->blockers,
			"its FIFO '%s' was opened with O_NOFOLLOW, and then deleted: it could not be opened "
			"so again",
			fd_info_printable(path->path, &dump->arena));
	return pipe_end_collect(dump, FD_KIND_fifo, info, path, file);
}

static int fifo_check_all(struct dump *dump)
{
	return pipe_ends_check(dump, FD_KIND_fifo);
}

static int fifo_write_contents(struct dump *dump, const struct open_file *file, int our_fd)
{
	return pipe_ends_write_contents(dump, FD_KIND_fifo, file, our_fd);
}

static void fifo_done(struct dump *dump)
{
	pipe_ends_done(dump, FD_KIND_fifo);
}

const struct fd_dumper fifo_fd_dumper = {
	.name = "fifo",
	.matches = fifo_matches,
	.collect = fifo_collect,
	.check = fifo_check_all,
	.write_contents = fifo_write_contents,
	.done = fifo_done,
};
