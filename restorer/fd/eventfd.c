/* SPDX-License-Identifier: MIT */
/* Event counters, eventfd(2), at restore. */
#include <errno.h>
#include <sys/eventfd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/log.h"
#include "format/fd/eventfd.h"
#include "restorer/fd/fd_restorer.h"

static int eventfd_read_entry(struct restore *restore maybe_unused, struct object *object,
			      const char **ret_reason)
{
	return eventfd_check((const Cr__Eventfd *)object->entry, ret_reason);
}

/* The first count that eventfd(2) takes has 32 bits only. */
static int eventfd_open(struct restore *restore maybe_unused, const struct object *object, int *ret_fd)
{
	const Cr__Eventfd *entry = (const Cr__Eventfd *)object->entry;
	cleanup_close int fd = eventfd(0, EFD_CLOEXEC | (entry->is_semaphore ? EFD_SEMAPHORE : 0));
	int r = 0;

	if (fd < 0)
		return log_error_errno(-errno, "cannot make an eventfd");
	if (entry->count > 0)
		r = file_write_full(fd, &entry->count, sizeof(entry->count));
	if (r < 0)
		return log_error_errno(r, "cannot set the count of an eventfd");
	*ret_fd = take_fd(&fd);
	return 0;
}

const struct fd_restorer eventfd_fd_restorer = {
	.name = "eventfd",
	.read = eventfd_read_entry,
	.open = eventfd_open,
};
