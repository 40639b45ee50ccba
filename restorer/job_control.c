/* SPDX-License-Identifier: MIT */
/* Stops of job control. */
#include "restorer/job_control.h"

#include <signal.h>
#include <string.h>

#include "restorer/plan.h"

/* Whether a member of the group can be continued by a parent in the same session (setpgid(2), "orphaned"). */
static bool has_outer_parent(const struct restore *restore, const struct task *member)
{
	const Cr__Process *image = member->image;

	if (member->parent)
		return member->parent->image->sid == image->sid && member->parent->image->pgid != image->pgid;
	/* The root: cr-restore is in the same session if that is led from outside. */
	return !plan_find_task(restore, image->sid) && plan_find_task(restore, image->pgid);
}

/* The kernel does not stop members of an orphaned group by other signals than SIGSTOP. */
static bool is_orphaned(const struct restore *restore, const struct task *task)
{
	for (size_t i = 0; i < restore->tasks_count; i++) {
		const struct task *member = &restore->tasks[i];

		if (!member->image->zombie && member->image->pgid == task->image->pgid &&
		    has_outer_parent(restore, member))
			return false;
	}
	return true;
}

/* One that waits already would be taken for the one that stops it. */
static bool is_pending(const ProtobufCBinaryData *pending, size_t count, int signal)
{
	for (size_t i = 0; i < count; i++) {
		int number;

		memcpy(&number, pending[i].data, sizeof(number)); /* si_signo */
		if (number == signal)
			return true;
	}
	return false;
}

int job_control_stop_signal(const struct restore *restore, const struct task *task)
{
	const Cr__Process *image = task->image;
	int signal = image->stop_signal;

	if (signal != SIGTSTP && signal != SIGTTIN && signal != SIGTTOU)
		return SIGSTOP;
	if (image->actions[signal - 1]->handler != (uintptr_t)SIG_DFL || is_orphaned(restore, task) ||
	    is_pending(image->pending, image->n_pending, signal) ||
	    is_pending(image->threads[0]->pending, image->threads[0]->n_pending, signal))
		return SIGSTOP;
	return signal;
}
