/* SPDX-License-Identifier: MIT */
/* Stops of job control. */
#include "restorer/job_control.h"

#include <signal.h>
#include <string.h>
#include <sys/syscall.h>

#include "restorer/plan.h"
#include "restorer/task/signals.h"

#define SIGNAL_SET_SIZE 8

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

bool job_control_is_stopped(const struct task *task)
{
	const Cr__Process *image = task->image;

	if (image->stop_signal != 0 || is_pending(image->pending, image->n_pending, SIGSTOP))
		return true;
	for (size_t i = 0; i < image->n_threads; i++)
		if (is_pending(image->threads[i]->pending, image->threads[i]->n_pending, SIGSTOP))
			return true;
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

/* Sends it SIGNAL, and lets it take that, until it is in the stop that follows. */
static int pass_signal(struct tracee *tracee, int signal, enum tracee_stop stop)
{
	int r = kill(tracee->tid, signal) < 0 ? -errno : 0;

	do {
		bool is_it = tracee->stop == TRACEE_STOP_SIGNAL && tracee->signal == signal;

		if (r == 0)
			r = tracee_resume(tracee, TRACEE_RESUME_RUN, is_it ? signal : 0);
		if (r == 0)
			r = tracee_wait(tracee, TRACEE_TIMEOUT_MS);
	} while (r == 0 && tracee->stop != stop);
	return r;
}

int job_control_continue(struct restore *restore maybe_unused, struct task *task)
{
	static const unsigned char default_action[SIGNAL_ACTION_SIZE];
	struct puppet *puppet = task_puppet(task);
	struct batch *batch;
	int r;

	if (!task->image->is_continue_unreported)
		return 0;
	r = pass_signal(&puppet->tracee, SIGSTOP, TRACEE_STOP_GROUP);
	if (r == 0)
		r = pass_signal(&puppet->tracee, SIGCONT, TRACEE_STOP_EVENT);
	if (r < 0)
		return log_error_errno(r, "cannot stop it, and have it go on");
	/* The SIGCONT itself is still there, blocked: an action that ignores it throws it away. */
	batch = puppet_batch(puppet);
	(void)batch_call(batch, SYS_rt_sigaction, SIGCONT,
			 batch_data(batch, default_action, sizeof(default_action)), 0, SIGNAL_SET_SIZE);
	return puppet_run(puppet, "its signals");
}
