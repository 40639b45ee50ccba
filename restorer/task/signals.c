/* SPDX-License-Identifier: MIT */
/* Signals: actions, alternate stacks, pending signals. */
#include "restorer/task/signals.h"

#include <signal.h>
#include <string.h>
#include <sys/syscall.h>

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

static int pending_check(struct restore *restore, const ProtobufCBinaryData *pending, size_t count)
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
		/* The one cannot be blocked while the task is rebuilt; the other ends our batches. */
		if (info.si_signo == SIGSTOP || info.si_signo == SIGTRAP)
			blockers_add(&restore->blockers,
				     "has a SIG%s pending, which cannot be restored: dump it again when "
				     "the signal has arrived",
				     sigabbrev_np(info.si_signo));
	}
	return 0;
}

static int thread_check(struct restore *restore, const Cr__Thread *thread)
{
	const Cr__AlternateStack *stack = thread->alternate_stack;

	if (stack && (stack->flags & ~ALTERNATE_STACK_FLAGS))
		return bad_image("its alternate signal stack has flags 0x%x", stack->flags);
	return pending_check(restore, thread->pending, thread->n_pending);
}

static int signals_check(struct restore *restore, const struct task *task)
{
	const Cr__Process *image = task->image;
	int r;

	if (image->n_actions != SIGNALS_COUNT)
		return bad_image("there are %zu signal actions", image->n_actions);
	r = pending_check(restore, image->pending, image->n_pending);
	if (r < 0)
		return r;
	for (size_t i = 0; i < image->n_threads; i++) {
		LOG_SCOPE("tid %d", image->threads[i]->tid);
		r = thread_check(restore, image->threads[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

/* All of them: what the puppet has is cr-restore's. */
static void actions_add(const Cr__Process *image, struct batch *batch)
{
	for (unsigned signal = 1; signal <= SIGNALS_COUNT; signal++) {
		unsigned char bytes[SIGNAL_ACTION_SIZE];

		if (signal == SIGKILL || signal == SIGSTOP || signal == SIGTRAP)
			continue;
		signals_action_bytes(image->actions[signal - 1], bytes);
		(void)batch_call(batch, SYS_rt_sigaction, signal, batch_data(batch, bytes, sizeof(bytes)), 0,
				 KERNEL_SIGSET_SIZE);
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
static int pending_add(struct task *task, struct thread *thread, struct batch *batch, bool is_shared)
{
	const ProtobufCBinaryData *pending = is_shared ? task->image->pending : thread->image->pending;
	size_t count = is_shared ? task->image->n_pending : thread->image->n_pending;
	uint64_t pid = (uint64_t)task->image->pid;

	for (size_t i = 0; i < count; i++) {
		siginfo_t info = pending_info(&pending[i]);
		uint64_t signal = (uint64_t)info.si_signo, address;
		int r = task_batch_room(thread, 1, sizeof(info), "its state");

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
	actions_add(task->image, batch);
	return pending_add(task, &task->threads[0], batch, true);
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
	return pending_add(task, thread, batch, false);
}

const struct task_restorer signals_task_restorer = {
	.name = "signals",
	.check = signals_check,
	.process = signals_process,
	.thread = signals_thread,
};
