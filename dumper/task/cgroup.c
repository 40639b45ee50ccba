/* SPDX-License-Identifier: MIT */
/* The control groups of a thread (cgroups(7)), noted when it was frozen (dumper/cgroups.h). */
#include "dumper/task/task_dumper.h"

static int cgroup_collect_thread(struct dump *dump maybe_unused, struct process *process,
				 struct thread *thread)
{
	thread->image->cgroup_set = thread->cgroup_set;
	if (thread == &process->threads[0])
		process->summary->cgroup_set = thread->cgroup_set;
	return 0;
}

const struct task_dumper cgroup_task_dumper = {
	.name = "cgroup",
	.collect_thread = cgroup_collect_thread,
};
