/* SPDX-License-Identifier: MIT */
/* The status of a thread, for the aspects that look into it. */
#include "dumper/task/thread_status.h"

#include <errno.h>
#include <stdlib.h>

#include "common/log.h"

const struct status *thread_status(const struct process *process, struct thread *thread)
{
	struct status *status;
	int r;

	if (thread == &process->threads[0])
		return &process->status;
	if (thread->status)
		return thread->status;
	status = calloc(1, sizeof(*status));
	r = status ? status_read(thread->proc_fd, status) : -ENOMEM;
	if (r < 0) {
		free(status);
		(void)log_error_errno(r, "cannot read its status in /proc");
		return NULL;
	}
	thread->status = status;
	return status;
}

void thread_status_done(struct thread *thread)
{
	if (!thread->status)
		return;
	status_done(thread->status);
	free(thread->status);
	thread->status = NULL;
}
