/* SPDX-License-Identifier: MIT */
/* Files of any type opened with O_PATH, symbolic links too, at dump. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/vector.h"
#include "dumper/fd/named_file.h"
#include "format/fd/named_file.pb-c.h"

/*
 * Files of sockets: whether a socket of the tree is bound to one shows when all are known. If so, a restore
 * makes the file together with the socket.
 */
struct socket_files {
	struct open_file **files;
	size_t files_count, files_capacity;
};

static bool path_only_matches(const struct fd_info *info)
{
	return info->flags & O_PATH && fd_info_has_path(info);
}

static int path_only_collect(struct dump *dump, const struct process *process, const struct fd_info *info,
			     struct open_file *file)
{
	struct socket_files *sockets = dump->fd_kind_states[FD_KIND_path_only];
	struct open_file **slot;

	if (!S_ISSOCK(info->stat.st_mode))
		return named_file_collect(dump, process, info, file);
	if (!sockets)
		sockets = dump->fd_kind_states[FD_KIND_path_only] = calloc(1, sizeof(*sockets));
	slot = sockets ? vector_append(sockets, files) : NULL;
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

/* It comes into being with the socket. */
static int keep_bound(struct dump *dump, struct open_file *file, const struct open_file *socket)
{
	Cr__NamedFile *entry = arena_new(&dump->arena, Cr__NamedFile);

	if (!entry)
		return log_error_errno(-ENOMEM, "cannot note its file");
	cr__named_file__init(entry);
	entry->path = (char *)file->description;
	entry->mode = S_IFSOCK;
	entry->socket_id = socket->image.id;
	file->entry = &entry->base;
	return 0;
}

/* The file of a socket elsewhere, or of none any more, is like any other. */
static int keep_other(struct dump *dump, struct open_file *file)
{
	cleanup_(fd_info_done) struct fd_info info = {.our_fd = -EBADF};
	int r = open_file_look(file, &info);

	if (r < 0)
		return log_error_errno(r, "cannot look at it");
	return named_file_collect(dump, file->receiver, &info, file);
}

static int path_only_check(struct dump *dump)
{
	const struct socket_files *sockets = dump->fd_kind_states[FD_KIND_path_only];
	int r = 0;

	for (size_t i = 0; r == 0 && sockets && i < sockets->files_count; i++) {
		struct open_file *file = sockets->files[i];
		const struct open_file *socket = find_bound(dump, file);

		OPEN_FILE_LOG_SCOPE(file);
		r = socket ? keep_bound(dump, file, socket) : keep_other(dump, file);
	}
	return r;
}

static void path_only_done(struct dump *dump)
{
	struct socket_files *sockets = dump->fd_kind_states[FD_KIND_path_only];

	if (!sockets)
		return;
	free(sockets->files);
	free(sockets);
	dump->fd_kind_states[FD_KIND_path_only] = NULL;
}

const struct fd_dumper path_only_fd_dumper = {
	.name = "path_only",
	.matches = path_only_matches,
	.collect = path_only_collect,
	.check = path_only_check,
	.done = path_only_done,
};
