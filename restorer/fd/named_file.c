/* SPDX-License-Identifier: MIT */
/* Opens files by their path. */
#include "restorer/fd/named_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "format/fd/named_file.h"
#include "format/fd/open_file.h"
#include "restorer/ghosts.h"

int named_file_read(struct restore *restore maybe_unused, struct object *object, const char **ret_reason)
{
	const Cr__NamedFile *file = (const Cr__NamedFile *)object->entry;

	object->path = file->ghost_id ? NULL : file->path;
	return named_file_check(file, ret_reason);
}

static struct ghost_claim claim_of(const struct object *object)
{
	const Cr__NamedFile *file = (const Cr__NamedFile *)object->entry;

	return (struct ghost_claim){
		.ghost_id = file->ghost_id,
		.path = file->path,
		.type = file->mode & S_IFMT,
		.object_id = object->image->id,
		.flags = object->image->flags,
	};
}

int named_file_plan(struct restore *restore, struct object *object)
{
	const struct ghost_claim claim = claim_of(object);

	return claim.ghost_id ? ghosts_claim(restore, &claim) : 0;
}

static bool is_same_type(const struct stat *st, uint32_t mode, uint64_t device)
{
	if ((st->st_mode & S_IFMT) != (mode & S_IFMT))
		return false;
	return !(S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode)) || st->st_rdev == device;
}

static int refuse_type(const char *path)
{
	return log_error_errno(-ESTALE, "'%s' is not a file of the type it was", path);
}

int named_file_open_path(const char *path, uint32_t flags, uint32_t mode, uint64_t device, int *ret_fd)
{
	cleanup_close int fd = -EBADF;
	struct stat st;

	/* A file made with O_TMPFILE and named later; opened by name it is like any other. */
	if (flags & OPEN_FILE_NAMELESS)
		flags &= ~(uint32_t)O_TMPFILE;
	/* Nothing may be opened that an open alone would change: look first. */
	if (fstatat(AT_FDCWD, path, &st, flags & O_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0) < 0)
		return log_error_errno(-errno, "cannot find '%s'", path);
	if (!is_same_type(&st, mode, device))
		return refuse_type(path);
	/* O_NONBLOCK: not to wait for the holder of a lease. It is set right later, where it is not kept. */
	fd = open(path, (int)flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return log_error_errno(-errno, "cannot open '%s'", path);
	if (fstat(fd, &st) < 0)
		return log_error_errno(-errno, "cannot look at '%s'", path);
	if (!is_same_type(&st, mode, device))
		return refuse_type(path);
	*ret_fd = take_fd(&fd);
	return 0;
}

static int open_named(const struct object *object, int *ret_fd)
{
	const Cr__NamedFile *file = (const Cr__NamedFile *)object->entry;

	return named_file_open_path(file->path, object->image->flags, file->mode, file->device, ret_fd);
}

int named_file_open(struct restore *restore, const struct object *object, int *ret_fd)
{
	const struct ghost_claim claim = claim_of(object);

	return claim.ghost_id ? ghosts_open_claimed(restore, &claim, ret_fd) : open_named(object, ret_fd);
}
