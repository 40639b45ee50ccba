/* SPDX-License-Identifier: MIT */
/* The resource limits of a process. */
#include <errno.h>

#include "common/log.h"
#include "common/proc/limits.h"
#include "dumper/task/task_dumper.h"

static int limits_collect_process(struct dump *dump, struct process *process)
{
	struct limits limits;
	Cr__ResourceLimit *images;
	int r = limits_read(process->proc_fd, &limits);

	if (r < 0)
		return log_error_errno(r, "cannot read its resource limits");
	images = arena_array(&dump->arena, Cr__ResourceLimit, RLIM_NLIMITS);
	process->image->limits = arena_array(&dump->arena, Cr__ResourceLimit *, RLIM_NLIMITS);
	if (!images || !process->image->limits)
		return log_error_errno(-ENOMEM, "cannot keep its resource limits");
	for (size_t i = 0; i < RLIM_NLIMITS; i++) {
		cr__resource_limit__init(&images[i]);
		images[i].soft = limits.limits[i].rlim_cur;
		images[i].hard = limits.limits[i].rlim_max;
		process->image->limits[i] = &images[i];
	}
	process->image->n_limits = RLIM_NLIMITS;
	return 0;
}

const struct task_dumper limits_task_dumper = {
	.name = "limits",
	.collect_process = limits_collect_process,
};
