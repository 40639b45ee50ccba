/* SPDX-License-Identifier: MIT */
/* The control groups of a thread (cgroups(7)), into which it is moved when it is made (restorer/cgroups.h).
 */
#include "common/log.h"
#include "restorer/task/bad_image.h"
#include "restorer/task/task_restorer.h"

static int cgroup_check(struct restore *restore, const struct task *task)
{
	const Cr__Cgroups *cgroups = restore->manifest->cgroups;

	for (size_t i = 0; i < task->image->n_threads; i++)
		if (task->image->threads[i]->cgroup_set > (cgroups ? cgroups->n_sets : 0))
			return bad_image("thread %d is in no cgroups that the manifest tells of",
					 task->image->threads[i]->tid);
	return 0;
}

const struct task_restorer cgroup_task_restorer = {
	.name = "cgroup",
	.check = cgroup_check,
};
