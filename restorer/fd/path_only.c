/* SPDX-License-Identifier: MIT */
/* Files of any type opened with O_PATH, at restore. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "format/fd/named_file.pb-c.h"
#include "restorer/fd/named_file.h"

static uint32_t maker_id(const struct object *object)
{
	return ((const Cr__NamedFile *)object->entry)->maker_id;
}

static int path_only_read(struct restore *restore, struct object *object, const char **ret_reason)
{
	int r = named_file_read(restore, object, ret_reason);

	if (r == 0 && maker_id(object) != 0)
		object->path = NULL;
	return r;
}

/* The file of a socket or terminal of the archive is there when these have been made. */
static int path_only_plan(struct restore *restore, struct object *object)
{
	const struct object *maker = maker_id(object) ? object_find(restore, maker_id(object)) : NULL;

	if (maker_id(object) != 0 && (!maker || !maker->kind->take_file)) {
		log_error("bad archive: open file %u is the file of open file %u, which can have none",
			  object->image->id, maker_id(object));
		return -EBADMSG;
	}
	return maker ? 0 : named_file_plan(restore, object);
}

static int open_made(struct restore *restore, const struct object *object, int *ret_fd)
{
	const struct object *maker = object_find(restore, maker_id(object));
	cleanup_close int file_fd = -EBADF;
	char link[32];
	int r = maker->kind->take_file(restore, maker, &file_fd);

	if (r < 0)
		return r;
	if (object->image->flags & O_NOFOLLOW) {
		*ret_fd = take_fd(&file_fd);
		return 0;
	}
	snprintf(link, sizeof(link), "/proc/self/fd/%d", file_fd);
	*ret_fd = open(link, O_PATH | O_CLOEXEC);
	return *ret_fd < 0 ? log_error_errno(-errno, "cannot open the file of open file %u", maker->image->id)
			   : 0;
}

static int path_only_open(struct restore *restore, const struct object *object, int *ret_fd)
{
	return maker_id(object) ? open_made(restore, object, ret_fd)
				: named_file_open(restore, object, ret_fd);
}

const struct fd_restorer path_only_fd_restorer = {
	.name = "path_only",
	.read = path_only_read,
	.plan = path_only_plan,
	.open = path_only_open,
};
