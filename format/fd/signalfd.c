/* SPDX-License-Identifier: MIT */
/* What a valid signalfd is. */
#include "format/fd/signalfd.h"

#include <errno.h>
#include <signal.h>

int signalfd_check(const Cr__Signalfd *signalfd, const char **ret_reason)
{
	/* The kernel takes these two out. */
	if (signalfd->mask & (UINT64_C(1) << (SIGKILL - 1) | UINT64_C(1) << (SIGSTOP - 1))) {
		*ret_reason = "it reads SIGKILL or SIGSTOP, which is not possible";
		return -EBADMSG;
	}
	return 0;
}
