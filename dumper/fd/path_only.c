/* SPDX-License-Identifier: MIT */
/* Files of any type opened with O_PATH, symbolic links too, at dump. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/vector.h"
#include "dumper/fd/named_file.h"
#include "dumper/fd/terminals.h"
#include "format/fd/named_file.pb-c.h"

/*
 * Files of sockets and pseudo-terminals: whether a socket of the tree is bound to one, or has the master,
 * shows when all are known. If so, a restore makes the file together with that.
 */
struct made_files {
	struct open_file **files;
	size_t files_count, files_capacity;
};

static bool path_only_matches(const struct fd_info *info)
{
	return info->flags & O_PATH && fd_info_has_path(info);
}

static bool is_terminal_node(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && terminal_is_pseudo(st->st_rdev);
}

static int path_only_collect(struct dump *dump, const struct process *process, const struct fd_info *info,
			     struct open_file *file)
{
	struct made_files *made = dump->fd_kind_states[FD_KIND_path_only];
	struct open_file **slot;

	if (!S_ISSOCK(info->stat.st_mode) && !is_terminal_node(&info->stat))
		return named_file_collect(dump, process, info, file);
	if (!made)
		made = dump->fd_kind_states[FD_KIND_path_only] = calloc(1, sizeof(*made));
	slot = made ? vector_append(made, files) : NULL;
	file->description = arena_string(&dump->arena, info->link);
	if (!slot || !file->description)
		return log_error_errno(-ENOMEM, "cannot note its file");
	*slot = file;
	return 0;
}

static const struct open_file *find_bound(const struct dump *dump, const struct open_file *file)
{
	for (size_t i = 0; i < dump->open_files_count; i++) {
		const struct open_file *other = dump->open_files[i];

		if (other->is_bound && other->bound_inode == file->inode &&
		    other->bound_device == file->device)
			return other;
	}
	return NULL;
}

/* It comes into being with the socket or terminal. */
static int keep_made(struct dump *dump, struct open_file *file, uint32_t mode, const struct open_file *maker)
{
	Cr__NamedFile *entry = arena_new(&dump->arena, Cr__NamedFile);

	if (!entry)
		return log_error_errno(-ENOMEM, "cannot note its file");
	cr__named_file__init(entry);
	entry->path = (char *)file->description;
	entry->mode = mode;
	entry->maker_id = maker->image.id;
	file->entry = &entry->base;
	return 0;
}

/*
 * The node of a pseudo-terminal that is gone has no place where it could be made again. Another one may have
 * its number by now.
 */
static int refuse_gone(struct dump *dump, const struct fd_info *info)
{
	blockers_add(&dump->blockers, "its file '%s' is of a pseudo-terminal that is gone",
		     fd_info_printable(info->link, &dump->arena));
	return 0;
}

static int settle(struct dump *dump, struct open_file *file)
{
	cleanup_(fd_info_done) struct fd_info info = {.our_fd = -EBADF};
	const struct open_file *maker;
	int r = open_file_look(file, &info);

	if (r < 0)
		return log_error_errno(r, "cannot look at it");
	if (is_terminal_node(&info.stat) && info.stat.st_nlink == 0)
		return refuse_gone(dump, &info);
	maker = is_terminal_node(&info.stat) ? terminals_find_by_node(dump, &info.stat)
					     : find_bound(dump, file);
	return maker ? keep_made(dump, file, info.stat.st_mode, maker)
		     : named_file_collect(dump, file->receiver, &info, file);
}

static int path_only_check(struct dump *dump)
{
	const struct made_files *made = dump->fd_kind_states[FD_KIND_path_only];
	int r = 0;

	for (size_t i = 0; r == 0 && made && i < made->files_count; i++) {
		OPEN_FILE_LOG_SCOPE(made->files[i]);
		r = settle(dump, made->files[i]);
	}
	return r;
}

static void path_only_done(struct dump *dump)
{
	struct made_files *made = dump->fd_kind_states[FD_KIND_path_only];

	if (!made)
		return;
	free(made->files);
	free(made);
	dump->fd_kind_states[FD_KIND_path_only] = NULL;
}

const struct fd_dumper path_only_fd_dumper = {
	.name = "path_only",
	.matches = path_only_matches,
	.collect = path_only_collect,
	.check = path_only_check,
	.done = path_only_done,
};
