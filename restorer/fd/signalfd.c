/* SPDX-License-Identifier: MIT */
/* Descriptors that read signals, signalfd(2), at restore. They read those of whoever reads. */
#include <errno.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/log.h"
#include "format/fd/signalfd.h"
#include "restorer/fd/fd_restorer.h"

static int signalfd_read_entry(struct restore *restore maybe_unused, struct object *object,
			       const char **ret_reason)
{
	return signalfd_check((const Cr__Signalfd *)object->entry, ret_reason);
}

/* By the system call: sigset_t has no bits for the two signals that the C library keeps for itself. */
static int signalfd_open(struct restore *restore maybe_unused, const struct object *object, int *ret_fd)
{
	uint64_t mask = ((const Cr__Signalfd *)object->entry)->mask;
	int fd = (int)syscall(SYS_signalfd4, -1, &mask, sizeof(mask), SFD_CLOEXEC);

	if (fd < 0)
		return log_error_errno(-errno, "cannot make a signalfd");
	*ret_fd = fd;
	return 0;
}

const struct fd_restorer signalfd_fd_restorer = {
	.name = "signalfd",
	.is_polled_as_self = true,
	.read = signalfd_read_entry,
	.open = signalfd_open,
};
