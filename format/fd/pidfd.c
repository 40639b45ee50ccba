/* SPDX-License-Identifier: MIT */
/* What a valid pidfd is. */
#include "format/fd/pidfd.h"

#include <errno.h>
#include <sys/wait.h>

#include "format/layout.h"

static int refuse(const char *reason, const char **ret_reason)
{
	*ret_reason = reason;
	return -EBADMSG;
}

int pidfd_check(const Cr__Pidfd *pidfd, const char **ret_reason)
{
	int status = pidfd->exit_status;

	if (pidfd->pid != 0 && !layout_pid_is_valid(pidfd->pid))
		return refuse("its process id is not valid", ret_reason);
	if ((pidfd->pid == 0) != (pidfd->gone_id != 0))
		return refuse("it is of no process, or of two", ret_reason);
	if (pidfd->pid != 0 && status != 0)
		return refuse("its process has ended and has not", ret_reason);
	if (status & ~0xffff || (!WIFEXITED(status) && !WIFSIGNALED(status)))
		return refuse("the status of its process is not valid", ret_reason);
	return 0;
}
