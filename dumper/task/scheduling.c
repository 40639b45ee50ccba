/* SPDX-License-Identifier: MIT */
/* How a thread is scheduled: policy, nice value, affinity, I/O priority, timer slack. */
#include <errno.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/log.h"
#include "dumper/task/task_dumper.h"

/* Room for 65,536 processors. */
#define AFFINITY_SIZE_MAX 8192
#define IOPRIO_WHO_PROCESS 1

enum { CALL_TIMER_SLACK };

/* struct sched_attr of linux/sched/types.h, which does not go together with glibc's sched.h everywhere. */
struct scheduling_attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime_ns, deadline_ns, period_ns;
	uint32_t util_min, util_max;
};

static int policy_read(pid_t tid, Cr__Scheduling *image)
{
	struct scheduling_attributes attributes = {0};

	if (syscall(SYS_sched_getattr, tid, &attributes, sizeof(attributes), 0) < 0)
		return log_error_errno(-errno, "cannot read its scheduling policy");
	image->policy = attributes.policy;
	image->flags = attributes.flags;
	image->nice = attributes.nice;
	image->priority = attributes.priority;
	image->runtime_ns = attributes.runtime_ns;
	image->deadline_ns = attributes.deadline_ns;
	image->period_ns = attributes.period_ns;
	image->util_min = attributes.util_min;
	image->util_max = attributes.util_max;
	return 0;
}

static int affinity_read(struct dump *dump, pid_t tid, Cr__Scheduling *image)
{
	unsigned char mask[AFFINITY_SIZE_MAX];
	long size = syscall(SYS_sched_getaffinity, tid, sizeof(mask), mask);

	if (size < 0)
		return log_error_errno(-errno, "cannot read its CPU affinity");
	while (size > 0 && mask[size - 1] == 0)
		size--;
	image->affinity = arena_bytes(&dump->arena, mask, (size_t)size);
	if (size > 0 && !image->affinity.data)
		return log_error_errno(-ENOMEM, "cannot keep its CPU affinity");
	return 0;
}

static int scheduling_collect_thread(struct dump *dump, struct process *process maybe_unused,
				     struct thread *thread)
{
	Cr__Scheduling *image = arena_new(&dump->arena, Cr__Scheduling);
	long io_priority;
	int r;

	if (!image)
		return log_error_errno(-ENOMEM, "cannot keep its scheduling policy");
	cr__scheduling__init(image);
	thread->image->scheduling = image;
	r = policy_read(thread->tracee.tid, image);
	if (r < 0)
		return r;
	r = affinity_read(dump, thread->tracee.tid, image);
	if (r < 0)
		return r;
	io_priority = syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, thread->tracee.tid);
	if (io_priority < 0 && errno != ENOSYS)
		return log_error_errno(-errno, "cannot read its I/O priority");
	image->io_priority = io_priority < 0 ? 0 : (int32_t)io_priority;
	return 0;
}

static int scheduling_ask(struct dump *dump maybe_unused, struct process *process maybe_unused,
			  struct thread *thread maybe_unused, struct batch *batch,
			  struct questions *questions)
{
	questions->calls[CALL_TIMER_SLACK] = batch_try(batch, SYS_prctl, PR_GET_TIMERSLACK);
	return 0;
}

static int scheduling_answer(struct dump *dump maybe_unused, struct process *process maybe_unused,
			     struct thread *thread, const struct batch *batch,
			     const struct questions *questions)
{
	int64_t result = batch_result(batch, questions->calls[CALL_TIMER_SLACK]);

	if (result < 0)
		return log_error_errno((int)result, "cannot ask for its timer slack");
	thread->image->timer_slack_ns = (uint64_t)result;
	return 0;
}

const struct task_dumper scheduling_task_dumper = {
	.name = "scheduling",
	.collect_thread = scheduling_collect_thread,
	.ask = scheduling_ask,
	.answer = scheduling_answer,
};
