/* SPDX-License-Identifier: MIT */
/* Signals: actions, alternate stacks, pending signals. */
#include "restorer/task/signals.h"

#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "restorer/task/bad_image.h"
#include "restorer/task/task_restorer.h"

#define SIGNALS_COUNT 64
#define KERNEL_SIGSET_SIZE 8
#define PENDING_MAX 1048576
#define SS_AUTODISARM_FLAG (UINT32_C(1) << 31)
#define ALTERNATE_STACK_FLAGS (SS_ONSTACK | SS_DISABLE | SS_AUTODISARM_FLAG)

void signals_action_bytes(const Cr__SignalAction *action, unsigned char ret[SIGNAL_ACTION_SIZE])
{
	const uint64_t fields[] = {action->handler, action->flags, action->restorer, action->mask};

	_Static_assert(sizeof(fields) == SIGNAL_ACTION_SIZE, "struct kernel_sigaction");
	memcpy(ret, fields, sizeof(fields));
}

static int pending_check(const ProtobufCBinaryData *pending, size_t count)
{
	if (count > PENDING_MAX)
		return bad_image("there are %zu pending signals", count);
	for (size_t i = 0; i < count; i++) {
		siginfo_t info;

		if (pending[i].len != sizeof(info))
			return bad_image("a pending signal has %zu bytes", pending[i].len);
		memcpy(&info, pending[i].data, sizeof(info));
		if (info.si_signo < 1 || info.si_signo > SIGNALS_COUNT || info.si_signo == SIGKILL)
			return bad_image("a pending signal has number %d", info.si_signo);
	}
	return 0;
}

static int thread_check(const Cr__Thread *thread)
{
	const Cr__AlternateStack *stack = thread->alternate_stack;

	if (stack && (stack->flags & ~ALTERNATE_STACK_FLAGS))
		return bad_image("its alternate signal stack has flags 0x%x", stack->flags);
	return pending_check(thread->pending, thread->n_pending);
}

static int signals_check(struct restore *restore maybe_unused, const struct task *task)
{
	const Cr__Process *image = task->image;
	int r;

	if (image->n_actions != SIGNALS_COUNT)
		return bad_image("there are %zu signal actions", image->n_actions);
	r = pending_check(image->pending, image->n_pending);
	if (r < 0)
		return r;
	for (size_t i = 0; i < image->n_threads; i++) {
		LOG_SCOPE("tid %d", image->threads[i]->tid);
		r = thread_check(image->threads[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

/* What children send when they end or stop comes from those that we make as well, and is thrown away in the
 * end. */
static bool is_late(const struct task *task, int signal)
{
	return (signal == SIGCHLD && task->has_children) ||
	       (task->child_signals & UINT64_C(1) << (signal - 1));
}

static void action_add(struct batch *batch, unsigned signal, const unsigned char bytes[SIGNAL_ACTION_SIZE])
{
	(void)batch_call(batch, SYS_rt_sigaction, signal, batch_data(batch, bytes, SIGNAL_ACTION_SIZE), 0,
			 KERNEL_SIGSET_SIZE);
}

/* All of them: what the puppet has is cr-restore's. */
static void actions_add(const struct task *task, struct batch *batch)
{
	const Cr__Process *image = task->image;

	for (unsigned signal = 1; signal <= SIGNALS_COUNT; signal++) {
		unsigned char bytes[SIGNAL_ACTION_SIZE];

		if (signal == SIGKILL || signal == SIGSTOP || signal == SIGTRAP || is_late(task, (int)signal))
			continue;
		signals_action_bytes(image->actions[signal - 1], bytes);
		action_add(batch, signal, bytes);
	}
}

/* An older kernel would take si_sys_private of a timer's signal for its own note and rearm the timer. */
static siginfo_t pending_info(const ProtobufCBinaryData *pending)
{
	const size_t sys_private_offset = 32;
	siginfo_t info;

	memcpy(&info, pending->data, sizeof(info));
	if (info.si_code == SI_TIMER)
		memset((unsigned char *)&info + sys_private_offset, 0, sizeof(int));
	return info;
}

/* Any siginfo may be sent to oneself. All signals are blocked now, so that none is delivered or ignored. */
static int pending_add(struct task *task, struct thread *thread, struct batch *batch, bool is_shared,
		       bool is_for_late)
{
	const ProtobufCBinaryData *pending = is_shared ? task->image->pending : thread->image->pending;
	size_t count = is_shared ? task->image->n_pending : thread->image->n_pending;
	uint64_t pid = (uint64_t)task->image->pid;

	for (size_t i = 0; i < count; i++) {
		siginfo_t info = pending_info(&pending[i]);
		uint64_t signal = (uint64_t)info.si_signo, address;
		int r;

		/* A SIGSTOP, which nothing holds back, see job_control_is_stopped(). */
		if (info.si_signo == SIGTRAP || info.si_signo == SIGSTOP ||
		    is_late(task, info.si_signo) != is_for_late)
			continue;
		r = task_batch_room(thread, 1, sizeof(info), "its state");

		if (r < 0)
			return r;
		address = batch_data(batch, &info, sizeof(info));
		if (is_shared)
			(void)batch_call(batch, SYS_rt_sigqueueinfo, pid, signal, address);
		else
			(void)batch_call(batch, SYS_rt_tgsigqueueinfo, pid, (uint64_t)thread->image->tid,
					 signal, address);
	}
	return 0;
}

static int signals_process(struct restore *restore maybe_unused, struct task *task, struct batch *batch)
{
	int r = task_batch_room(&task->threads[0], SIGNALS_COUNT, (size_t)SIGNALS_COUNT * SIGNAL_ACTION_SIZE,
				"its state");

	if (r < 0)
		return r;
	actions_add(task, batch);
	return pending_add(task, &task->threads[0], batch, true, false);
}

static int signals_thread(struct restore *restore maybe_unused, struct task *task, struct thread *thread,
			  struct batch *batch)
{
	const Cr__AlternateStack *image = thread->image->alternate_stack;
	stack_t stack = {.ss_flags = SS_DISABLE};
	int r = task_batch_room(thread, 1, sizeof(stack), "its state");

	if (r < 0)
		return r;
	if (image && !(image->flags & SS_DISABLE) && image->size > 0)
		stack = (stack_t){
			.ss_sp = (void *)(uintptr_t)image->address,
			.ss_size = image->size,
			.ss_flags = (int)(image->flags & SS_AUTODISARM_FLAG),
		};
	(void)batch_call(batch, SYS_sigaltstack, batch_data(batch, &stack, sizeof(stack)), 0);
	return pending_add(task, thread, batch, false, false);
}

/* Of its children that were stopped, and it had been told (waitpid(2), WUNTRACED), it is told now. */
static int stops_report(const struct restore *restore, struct task *task, struct batch *batch)
{
	int r = 0;

	if (!task->has_stopped_child)
		return 0;
	for (size_t i = 0; i < restore->tasks_count; i++) {
		const struct task *child = &restore->tasks[i];

		if (child->parent != task || !child->image->is_stop_reported)
			continue;
		r = task_batch_room(&task->threads[0], 1, 0, "its stopped children");
		if (r < 0)
			return r;
		(void)batch_try(batch, SYS_waitid, P_PID, (uint64_t)child->image->pid, 0, WSTOPPED | WNOHANG,
				0);
	}
	return task_batch_room(&task->threads[0], 2 * SIGNALS_COUNT,
			       (size_t)2 * SIGNALS_COUNT * SIGNAL_ACTION_SIZE, "its signals");
}

static int late_process(const struct restore *restore, struct task *task)
{
	static const unsigned char ignored[SIGNAL_ACTION_SIZE] = {(uintptr_t)SIG_IGN};
	struct batch *batch = puppet_batch(task_puppet(task));
	int r = stops_report(restore, task, batch);

	if (r < 0)
		return r;
	for (unsigned signal = 1; signal <= SIGNALS_COUNT; signal++) {
		unsigned char bytes[SIGNAL_ACTION_SIZE];

		if (!is_late(task, (int)signal))
			continue;
		action_add(batch, signal, ignored);
		signals_action_bytes(task->image->actions[signal - 1], bytes);
		action_add(batch, signal, bytes);
	}
	return pending_add(task, &task->threads[0], batch, true, true);
}

int signals_finish(const struct restore *restore, struct task *task)
{
	int r = late_process(restore, task);

	for (size_t i = 0; r == 0 && i < task->threads_count; i++) {
		struct thread *thread = &task->threads[i];

		if (i > 0 && thread->image->n_pending == 0)
			continue;
		if (i > 0)
			(void)puppet_batch(&thread->puppet);
		r = pending_add(task, thread, thread->puppet.batch, false, true);
		if (r == 0)
			r = puppet_run(&thread->puppet, "its signals");
	}
	return r;
}

/* With the task's own instruction: the executor stops by a SIGTRAP, which must not be blocked there. */
static int trap_add(struct task *task, struct thread *thread, const siginfo_t *info, bool is_shared,
		    struct remote_address instruction)
{
	struct puppet *puppet = &thread->puppet;
	struct remote_address room = remote_offset(puppet->region, EXECUTOR_DATA);
	uint64_t pid = (uint64_t)task->image->pid, tid = (uint64_t)thread->image->tid;
	long r = tracee_set_signal_mask(&puppet->tracee, ~UINT64_C(0));

	if (r == 0)
		r = remote_write(puppet->tracee.tid, room, info, sizeof(*info));
	if (r < 0)
		return (int)r;
	if (is_shared)
		return (int)puppet_call_at(puppet, instruction, SYS_rt_sigqueueinfo,
					   (const uint64_t[6]){pid, SIGTRAP, room.value});
	return (int)puppet_call_at(puppet, instruction, SYS_rt_tgsigqueueinfo,
				   (const uint64_t[6]){pid, tid, SIGTRAP, room.value});
}

int signals_add_traps(struct task *task, struct thread *thread, bool is_shared,
		      struct remote_address instruction)
{
	const ProtobufCBinaryData *pending = is_shared ? task->image->pending : thread->image->pending;
	size_t count = is_shared ? task->image->n_pending : thread->image->n_pending;

	for (size_t i = 0; i < count; i++) {
		siginfo_t info = pending_info(&pending[i]);
		int r;

		if (info.si_signo != SIGTRAP)
			continue;
		r = trap_add(task, thread, &info, is_shared, instruction);
		if (r < 0)
			return log_error_errno(r, "thread %d: cannot make its SIGTRAP pending again",
					       thread->image->tid);
	}
	return 0;
}

const struct task_restorer signals_task_restorer = {
	.name = "signals",
	.check = signals_check,
	.process = signals_process,
	.thread = signals_thread,
};
