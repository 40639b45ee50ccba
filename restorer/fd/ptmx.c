/* SPDX-License-Identifier: MIT */
/* Masters of pseudo-terminals, at restore. */
#include <errno.h>
#include <fcntl.h>

#include "common/log.h"
#include "format/fd/ptmx.h"
#include "restorer/fd/terminals.h"

/* Of the flags of open(2), those that a terminal has no use for. */
#define FLAGS_REFUSED (O_PATH | O_DIRECTORY)

static int ptmx_read(struct restore *restore, struct object *object, const char **ret_reason)
{
	if (object->image->flags & FLAGS_REFUSED || object->image->position != 0) {
		*ret_reason = "it cannot be open like this";
		return -EBADMSG;
	}
	if (ptmx_check((const Cr__Ptmx *)object->entry, ret_reason) < 0)
		return -EBADMSG;
	return terminals_add(restore, object);
}

static int ptmx_open(struct restore *restore, const struct object *object, int *ret_fd)
{
	const struct pseudo_terminal *pseudo =
		terminals_find_by_master(terminals_get(restore), object->image->id);
	int fd = fcntl(pseudo->master_fd, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return log_error_errno(-errno, "cannot take the master of pseudo-terminal %u", pseudo->index);
	*ret_fd = fd;
	return 0;
}

static int ptmx_take_file(struct restore *restore, const struct object *object, int *ret_fd)
{
	return terminals_open_node(terminals_find_by_master(terminals_get(restore), object->image->id),
				   ret_fd);
}

const struct fd_restorer ptmx_fd_restorer = {
	.name = "ptmx",
	.read = ptmx_read,
	.open = ptmx_open,
	.take_file = ptmx_take_file,
	.finish = terminals_finish,
	.kind_done = terminals_done,
};
