/* SPDX-License-Identifier: MIT */
/* The status of a thread, for the aspects that look into it. */
#include "dumper/task/thread_status.h"

const struct status *thread_status(const struct process *process, const struct thread *thread,
				   struct status *storage)
{
	int r;

	if (thread == &process->threads[0])
		return &process->status;
	r = status_read(thread->proc_fd, storage);
	if (r < 0) {
		(void)log_error_errno(r, "cannot read its status in /proc");
		return NULL;
	}
	return storage;
}
