/* SPDX-License-Identifier: MIT */
/* Attributes that a change of credentials resets: whether it is dumpable, the parent-death signals. */
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "restorer/task/bad_image.h"
#include "restorer/task/task_restorer.h"

/* What a change of credentials leaves with fs.suid_dumpable 2; nobody can ask for it. */
#define DUMPABLE_BY_ROOT 2
#define SIGNALS_COUNT 64

static int late_attributes_check(struct restore *restore, const struct task *task)
{
	const Cr__Process *image = task->image;

	if (image->dumpable < 0 || image->dumpable > DUMPABLE_BY_ROOT)
		return bad_image("its dumpable flag is %d", image->dumpable);
	if (image->dumpable != 1 && !kernel_features_has_cap(&restore->features, CAP_SYS_PTRACE))
		blockers_add(&restore->blockers,
			     "is not dumpable: only a cr-restore with CAP_SYS_PTRACE can restore it");
	for (size_t i = 0; i < image->n_threads; i++) {
		int signal = image->threads[i]->parent_death_signal;

		if (signal < 0 || signal > SIGNALS_COUNT)
			return bad_image("thread %d has parent-death signal %d", image->threads[i]->tid,
					 signal);
	}
	return 0;
}

static int late_attributes_process(struct restore *restore maybe_unused, struct task *task,
				   struct batch *batch)
{
	int r = task_batch_room(&task->threads[0], 1, 0, "its state");

	if (r < 0 || task->image->dumpable == DUMPABLE_BY_ROOT)
		return r;
	(void)batch_call(batch, SYS_prctl, PR_SET_DUMPABLE, (uint64_t)task->image->dumpable);
	return 0;
}

static int late_attributes_thread(struct restore *restore maybe_unused, struct task *task maybe_unused,
				  struct thread *thread, struct batch *batch)
{
	int r = task_batch_room(thread, 1, 0, "its state");

	if (r < 0 || thread->image->parent_death_signal == 0)
		return r;
	(void)batch_call(batch, SYS_prctl, PR_SET_PDEATHSIG, (uint64_t)thread->image->parent_death_signal);
	return 0;
}

const struct task_restorer late_attributes_task_restorer = {
	.name = "late attributes",
	.check = late_attributes_check,
	.process = late_attributes_process,
	.thread = late_attributes_thread,
};
