/* SPDX-License-Identifier: MIT */
/* Finds the path of an open file, and makes sure that it leads there. */
#include "dumper/fd/named_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "format/fd/named_file.pb-c.h"
#include "format/fd/open_file.h"

#define DELETED_SUFFIX " (deleted)"

/* 1 if PATH leads to the file of ST, 0 if to another, or a negative errno. */
static int leads_to(const char *path, const struct stat *st)
{
	struct open_how how = {.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS};
	cleanup_close int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
	struct stat found;

	if (fd < 0 || fstat(fd, &found) < 0)
		return -errno;
	return found.st_dev == st->st_dev && found.st_ino == st->st_ino;
}

/* A file removed by its last name while open, which NFS hides under such a name until it is closed. */
static bool is_nfs_leftover(const struct fd_info *info)
{
	const char *slash = strrchr(info->link, '/');

	return info->filesystem == NFS_SUPER_MAGIC && slash && strncmp(slash + 1, ".nfs", 4) == 0;
}

/*
 * The kernel marks a path whose name is gone by a suffix, which may as well be part of a name: only looking
 * tells. LINK ends with it and does not lead to the file. Returns the path if a file of the name without it
 * is this one again.
 */
static const char *find_deleted(struct dump *dump, const struct fd_info *info)
{
	size_t length = strlen(info->link) - strlen(DELETED_SUFFIX);
	char *path = arena_format(&dump->arena, "%.*s", (int)length, info->link);
	int r;

	if (!path) {
		dump->blockers.is_incomplete = true;
		return NULL;
	}
	r = leads_to(path, &info->stat);
	if (r > 0)
		return path;
	if (info->flags & OPEN_FILE_NAMELESS)
		blockers_add(&dump->blockers,
			     "its file was made without a name (O_TMPFILE), so that none can be told");
	else
		blockers_add(&dump->blockers, "its file '%s' has been deleted%s",
			     fd_info_printable(path, &dump->arena),
			     r == 0 ? ", and another one is there now" : "");
	return NULL;
}

/* NULL after adding a blocker. */
static const char *find_path(struct dump *dump, const struct fd_info *info)
{
	size_t length = strlen(info->link), suffix = strlen(DELETED_SUFFIX);
	const char *printable = fd_info_printable(info->link, &dump->arena);
	int r;

	if (info->is_long) {
		blockers_add(&dump->blockers, "the path of its file is longer than %d bytes", PATH_MAX - 1);
		return NULL;
	}
	if (is_nfs_leftover(info)) {
		blockers_add(&dump->blockers,
			     "its file has been deleted (NFS keeps it as '%s' while it is open)", printable);
		return NULL;
	}
	r = leads_to(info->link, &info->stat);
	if (r > 0)
		return info->link;
	if (length > suffix && strcmp(info->link + length - suffix, DELETED_SUFFIX) == 0)
		return find_deleted(dump, info);
	blockers_add(&dump->blockers,
		     "its path '%s' leads from here to %s (something is mounted over it, its file system was "
		     "unmounted, "
		     "or it belongs to another mount namespace)",
		     printable,
		     r == 0         ? "another file"
		     : r == -ENOENT ? "nothing"
				    : strerror(-r));
	return NULL;
}

int named_file_collect(struct dump *dump, const struct process *process, const struct fd_info *info,
		       struct open_file *file)
{
	const char *path = find_path(dump, info);
	Cr__NamedFile *entry;
	char use[32];

	if (!path)
		return 0;
	entry = arena_new(&dump->arena, Cr__NamedFile);
	if (!entry)
		return log_error_errno(-ENOMEM, "cannot note its file");
	cr__named_file__init(entry);
	entry->path = arena_string(&dump->arena, path);
	if (!entry->path)
		return log_error_errno(-ENOMEM, "cannot note its file");
	entry->mode = info->stat.st_mode;
	entry->device = S_ISCHR(info->stat.st_mode) || S_ISBLK(info->stat.st_mode) ? info->stat.st_rdev : 0;
	entry->size = S_ISREG(info->stat.st_mode) ? (uint64_t)info->stat.st_size : 0;
	file->entry = &entry->base;
	file->description = entry->path;
	snprintf(use, sizeof(use), "fd %d", info->fd);
	return dump_require_file(dump, process, entry->path, &info->stat, false, use);
}
