/* SPDX-License-Identifier: MIT */
/* Finds the path of an open file, and makes sure that it leads there. */
#include "dumper/fd/named_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>

#include "common/file.h"
#include "common/log.h"
#include "dumper/ghosts.h"
#include "dumper/hidden_file.h"
#include "format/fd/named_file.pb-c.h"
#include "format/fd/open_file.h"

/* What the file is opened by again: its path, NULL after adding a blocker; and the ghost if it is one. */
struct place {
	const char *path;
	uint32_t ghost_id;
};

/* A file removed by its last name while open, which NFS hides under such a name until it is closed. */
static bool is_nfs_leftover(const struct fd_info *info)
{
	const char *slash = strrchr(info->link, '/');

	return info->filesystem == NFS_SUPER_MAGIC && slash && strncmp(slash + 1, ".nfs", 4) == 0;
}

static bool may_write(const struct fd_info *info)
{
	return !(info->flags & O_PATH) && (info->flags & O_ACCMODE) != O_RDONLY;
}

static int add_ghost(struct dump *dump, const struct process *process, const struct fd_info *info,
		     const char *path, const char *hidden_as, struct place *place)
{
	char where[32];
	const struct ghost_use use = {
		.fd = info->our_fd,
		.where = where,
		.path = path,
		.hidden_as = hidden_as,
		.stat = info->stat,
		.may_write = may_write(info),
	};
	int r;

	snprintf(where, sizeof(where), "fd %d", info->fd);
	r = ghosts_add(dump, process, &use, &place->ghost_id);
	place->path = place->ghost_id != 0 ? path : NULL;
	return r;
}

/*
 * The kernel marks a path whose name is gone by a suffix, which may as well be part of a name: only looking
 * tells. PATH is without it, and the link with it does not lead to the file.
 */
static int find_deleted(struct dump *dump, const struct process *process, const struct fd_info *info,
			const char *path, struct place *place)
{
	if (file_leads_to(path, &info->stat) > 0) {
		place->path = path;
		return 0;
	}
	return add_ghost(dump, process, info, path, NULL, place);
}

/* It has its name, which leads to something else, as R of file_leads_to() says. */
static int find_hidden(struct dump *dump, const struct process *process, const struct fd_info *info,
		       int error, struct place *place)
{
	const char *hidden_as = arena_format(
		&dump->arena,
		"its path '%s' leads from here to %s (something is mounted over it, its file system was "
		"unmounted, or it belongs to another mount namespace)",
		fd_info_printable(info->link, &dump->arena),
		error == 0         ? "another file"
		: error == -ENOENT ? "nothing"
				   : strerror(-error));

	if (!hidden_as)
		return log_error_errno(-ENOMEM, "cannot note its file");
	return add_ghost(dump, process, info, info->link, hidden_as, place);
}

/* The kernel does not tell its path, nor could it be opened by it. */
static int find_long(struct dump *dump, const struct process *process, const struct fd_info *info,
		     struct place *place)
{
	const char *path = hidden_file_long_path(dump, &info->stat);
	const char *hidden_as =
		arena_format(&dump->arena, "the path of its file is longer than %d bytes", PATH_MAX - 1);

	if (!path || !hidden_as)
		return log_error_errno(-ENOMEM, "cannot note its file");
	return add_ghost(dump, process, info, path, info->stat.st_nlink > 0 ? hidden_as : NULL, place);
}

static int find_place(struct dump *dump, const struct process *process, const struct fd_info *info,
		      struct place *place)
{
	const char *printable = fd_info_printable(info->link, &dump->arena);
	const char *deleted;
	int r;

	if (info->is_long)
		return find_long(dump, process, info, place);
	if (is_nfs_leftover(info)) {
		blockers_add(&dump->blockers,
			     "its file has been deleted (NFS keeps it as '%s' while it is open)", printable);
		return 0;
	}
	r = file_leads_to(info->link, &info->stat);
	if (r > 0) {
		place->path = info->link;
		return 0;
	}
	deleted = ghost_path(dump, info->link);
	if (deleted)
		return find_deleted(dump, process, info, deleted, place);
	return find_hidden(dump, process, info, r, place);
}

/* What was opened before chattr(1) cannot be opened again after it. */
static void check_attributes(struct dump *dump, const struct fd_info *info)
{
	struct statx facts = {0};
	bool is_immutable, is_append_only;

	if (!may_write(info) || statx(info->our_fd, "", AT_EMPTY_PATH, STATX_TYPE, &facts) < 0)
		return;
	is_immutable = facts.stx_attributes & STATX_ATTR_IMMUTABLE;
	is_append_only = facts.stx_attributes & STATX_ATTR_APPEND && !(info->flags & O_APPEND);
	if (is_immutable || is_append_only)
		blockers_add(
			&dump->blockers,
			"its file '%s' was made %s (chattr +%c) after it was opened for writing, and could "
			"not be opened so again: chattr -%c it",
			fd_info_printable(info->link, &dump->arena),
			is_immutable ? "immutable" : "append-only", is_immutable ? 'i' : 'a',
			is_immutable ? 'i' : 'a');
}

int named_file_collect(struct dump *dump, const struct process *process, const struct fd_info *info,
		       struct open_file *file)
{
	struct place place = {0};
	Cr__NamedFile *entry;
	char use[32];
	int r = find_place(dump, process, info, &place);

	if (r < 0 || !place.path)
		return r;
	entry = arena_new(&dump->arena, Cr__NamedFile);
	if (!entry)
		return log_error_errno(-ENOMEM, "cannot note its file");
	cr__named_file__init(entry);
	entry->path = arena_string(&dump->arena, place.path);
	if (!entry->path)
		return log_error_errno(-ENOMEM, "cannot note its file");
	entry->ghost_id = place.ghost_id;
	entry->mode = info->stat.st_mode;
	entry->device = S_ISCHR(info->stat.st_mode) || S_ISBLK(info->stat.st_mode) ? info->stat.st_rdev : 0;
	entry->size = S_ISREG(info->stat.st_mode) ? (uint64_t)info->stat.st_size : 0;
	file->entry = &entry->base;
	file->description = entry->path;
	if (place.ghost_id != 0) {
		file->description = info->is_long ? entry->path : arena_string(&dump->arena, info->link);
		return file->description ? 0 : log_error_errno(-ENOMEM, "cannot note its file");
	}
	check_attributes(dump, info);
	snprintf(use, sizeof(use), "fd %d", info->fd);
	return dump_require_file(dump, process, entry->path, &info->stat, false, use);
}
