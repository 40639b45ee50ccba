/* SPDX-License-Identifier: MIT */
/* The aspects of a task in the order in which they are restored, and how their calls are run. */
#include "restorer/task/task_restorer.h"

#include "common/log.h"
#include "restorer/task/bad_image.h"

/* Far above kernel.threads-max of any host: the kernel's PID_MAX_LIMIT. */
#define THREADS_MAX 4194304

/* A line marked after_all_threads waits until every thread has done the lines before it. */
static const struct {
	const struct task_restorer *restorer;
	bool after_all_threads;
} table[] = {
	/* Before alternate stacks (signals), whose least size grows with it. */
	{&xsave_permission_task_restorer, false},
	/* Has been moved when it was made. */
	{&cgroup_task_restorer, false},
	/* First: needs the privileges of cr-restore, and the host's root for its paths. */
	{&attributes_task_restorer, false},
	/* May need a privilege, and a descriptor of cr-restore. */
	{&login_task_restorer, false},
	/* All that is mapped is there. */
	{&memory_policy_task_restorer, false},
	/* Raising a priority is judged by the limits and ids that the task still has from us. */
	{&scheduling_task_restorer, false},
	/* Its session is there, and was made by it. */
	{&autogroup_task_restorer, false},
	/* Actions before pending signals (in it): ignoring a signal throws away what is pending of it. */
	{&signals_task_restorer, false},
	/* A lower RLIMIT_SIGPENDING would refuse pending signals; raising a hard limit needs a capability. */
	{&limits_task_restorer, true},
	/* Without no_new_privs a filter needs CAP_SYS_ADMIN. Filters are suspended while we trace. */
	{&seccomp_task_restorer, false},
	/* Takes away what all above needed. */
	{&credentials_task_restorer, false},
	/* A change of credentials in any thread resets the dumpable flag, in the own one the parent-death
	   signal. */
	{&late_attributes_task_restorer, true},
	/* Belong to whom the thread is now. */
	{&keyrings_task_restorer, false},
	/* Last, so that they do not run down while the rest is restored. */
	{&timers_task_restorer, true},
};

/* The batch that is being filled, and the thread that is going to run it: all share one region. */
struct filling {
	struct thread *thread; /* NULL at first */
	struct batch *batch;
};

int task_batch_room(struct thread *thread, unsigned calls, size_t size, const char *what)
{
	int r;

	if (!batch_is_nearly_full(thread->puppet.batch, calls, size))
		return 0;
	r = puppet_run(&thread->puppet, what);
	if (r < 0)
		return r;
	(void)puppet_batch(&thread->puppet);
	return 0;
}

static int filling_run(const struct filling *filling)
{
	if (!filling->thread || filling->batch->call_count == 0)
		return 0;
	LOG_SCOPE("tid %d", filling->thread->image->tid);
	return puppet_run(&filling->thread->puppet, "its state");
}

/* Makes THREAD the one whose batch is filled; calls that are left for another are run before. */
static int filling_switch(struct filling *filling, struct thread *thread)
{
	int r;

	if (filling->thread == thread)
		return 0;
	r = filling_run(filling);
	if (r < 0)
		return r;
	filling->thread = thread;
	filling->batch = puppet_batch(&thread->puppet);
	return 0;
}

static int apply_one(struct restore *restore, struct task *task, struct thread *thread,
		     const struct task_restorer *restorer, struct filling *filling)
{
	bool is_for_process = restorer->process && thread == &task->threads[0];
	int r = 0;

	if (restorer->outside)
		r = restorer->outside(restore, task, thread);
	if (r < 0 || (!is_for_process && !restorer->thread))
		return r;
	r = filling_switch(filling, thread);
	if (r < 0)
		return r;
	LOG_SCOPE("tid %d", thread->image->tid);
	if (is_for_process)
		r = restorer->process(restore, task, filling->batch);
	if (r < 0 || !restorer->thread)
		return r;
	return restorer->thread(restore, task, thread, filling->batch);
}

/* Lines FIRST to END - 1 of the table, thread after thread. */
static int apply_lines(struct restore *restore, struct task *task, size_t first, size_t end,
		       struct filling *filling)
{
	for (size_t i = 0; i < task->threads_count; i++)
		for (size_t line = first; line < end; line++) {
			int r = apply_one(restore, task, &task->threads[i], table[line].restorer, filling);

			if (r < 0)
				return r;
		}
	return 0;
}

int task_restorers_apply(struct restore *restore, struct task *task)
{
	struct filling filling = {0};
	size_t end;

	LOG_SCOPE("pid %d", task->image->pid);
	for (size_t first = 0; first < ARRAY_SIZE(table); first = end) {
		int r;

		end = first + 1;
		while (end < ARRAY_SIZE(table) && !table[end].after_all_threads)
			end++;
		r = apply_lines(restore, task, first, end, &filling);
		if (r < 0)
			return r;
	}
	return filling_run(&filling);
}

int task_restorers_check(struct restore *restore, const struct task *task)
{
	LOG_SCOPE("pid %d", task->image->pid);
	if (task->image->n_threads == 0 || task->image->n_threads > THREADS_MAX)
		return bad_image("the process has %zu threads", task->image->n_threads);
	for (size_t line = 0; line < ARRAY_SIZE(table); line++) {
		int r = table[line].restorer->check ? table[line].restorer->check(restore, task) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}
