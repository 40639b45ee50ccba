/* SPDX-License-Identifier: MIT */
/* Signals: actions, masks, pending signals, alternate stacks, job-control stops. */
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/pending_signals.h"
#include "common/pidref.h"
#include "common/tracee/remote_memory.h"
#include "common/vector.h"
#include "dumper/task/task_dumper.h"
#include "dumper/task/thread_status.h"

#define SIGNALS_COUNT 64
#define PEEK_CHUNK 32
/* From here on the time that ptrace(2) takes, which grows with the square, is worth looking elsewhere. */
#define PEEK_MAX 512
/* RLIMIT_SIGPENDING bounds them in fact. */
#define PENDING_MAX 1048576
#define KERNEL_SIGSET_SIZE 8

enum { ADDRESS_ACTIONS, ADDRESS_STACK };
enum { CALL_FIRST_ACTION, CALL_STACK };

/* struct kernel_sigaction of rt_sigaction(2) on x86-64. */
struct kernel_action {
	uint64_t handler, flags, restorer, mask;
};

struct pending {
	siginfo_t *signals;
	size_t signals_count, signals_capacity;
	uint64_t set;
};

static void pending_done(struct pending *pending)
{
	free(pending->signals);
}

static int pending_append(struct pending *pending, const siginfo_t *info)
{
	siginfo_t *slot = pending->signals_count < PENDING_MAX ? vector_append(pending, signals) : NULL;

	if (!slot)
		return -ENOMEM;
	*slot = *info;
	if (info->si_signo >= 1 && info->si_signo <= SIGNALS_COUNT)
		pending->set |= UINT64_C(1) << (info->si_signo - 1);
	return 0;
}

/* In the kernel's memory, in one go. -EAGAIN: it does not agree with what ptrace tells of the start and the
 * end. */
static int pending_read_at_once(const struct tracee *tracee, bool is_shared, struct pending *pending)
{
	cleanup_(pending_signals_reader_freep) struct pending_signals_reader *reader = NULL;
	cleanup_(pidref_done) struct pidref thread = PIDREF_NULL;
	cleanup_(pending_done) struct pending all = {0};
	siginfo_t last[2];
	int r = pidref_open_thread(tracee->tid, &thread);

	if (r == 0)
		r = pending_signals_open(&reader);
	if (r == 0)
		r = pending_signals_read(reader, thread.fd, is_shared, PENDING_MAX, &all.signals,
					 &all.signals_count);
	if (r < 0)
		return r;
	if (all.signals_count < pending->signals_count ||
	    memcmp(all.signals, pending->signals, pending->signals_count * sizeof(siginfo_t)) != 0)
		return -EAGAIN;
	r = tracee_peek_signals(tracee, is_shared, all.signals_count - 1, last, ARRAY_SIZE(last));
	if (r != 1 || memcmp(last, &all.signals[all.signals_count - 1], sizeof(siginfo_t)) != 0)
		return r < 0 ? r : -EAGAIN;
	for (size_t i = pending->signals_count; i < all.signals_count; i++) {
		r = pending_append(pending, &all.signals[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

static int pending_read(const struct tracee *tracee, bool is_shared, struct pending *pending)
{
	for (bool is_at_once = false;;) {
		siginfo_t chunk[PEEK_CHUNK];
		int count = tracee_peek_signals(tracee, is_shared, pending->signals_count, chunk, PEEK_CHUNK);

		if (count <= 0)
			return count;
		for (int i = 0; i < count; i++) {
			int r = pending_append(pending, &chunk[i]);

			if (r < 0)
				return r;
		}
		if (!is_at_once && pending->signals_count >= PEEK_MAX) {
			is_at_once = true; /* or, if that is not permitted, as before */
			if (pending_read_at_once(tracee, is_shared, pending) == 0)
				return 0;
		}
	}
}

/* Signals that the kernel had no memory to queue: they are delivered like those of kill(2) from nobody. */
static int pending_add_unqueued(uint64_t set, struct pending *pending)
{
	for (int signal = 1; signal <= SIGNALS_COUNT; signal++) {
		siginfo_t info;
		uint64_t bit = UINT64_C(1) << (signal - 1);
		int r;

		if (!(set & bit) || (pending->set & bit))
			continue;
		memset(&info, 0, sizeof(info));
		info.si_signo = signal;
		info.si_code = SI_USER;
		r = pending_append(pending, &info);
		if (r < 0)
			return r;
	}
	return 0;
}

static int pending_collect(struct dump *dump, const struct tracee *tracee, bool is_shared, uint64_t set,
			   size_t *ret_count, ProtobufCBinaryData **ret_images)
{
	cleanup_(pending_done) struct pending pending = {0};
	ProtobufCBinaryData *images;
	int r = pending_read(tracee, is_shared, &pending);

	if (r >= 0)
		r = pending_add_unqueued(set, &pending);
	if (r < 0)
		return log_error_errno(r, "cannot read its pending signals");
	if (pending.signals_count == 0)
		return 0;
	images = arena_array(&dump->arena, ProtobufCBinaryData, pending.signals_count);
	for (size_t i = 0; images && i < pending.signals_count; i++) {
		images[i] = arena_bytes(&dump->arena, &pending.signals[i], sizeof(siginfo_t));
		if (!images[i].data)
			images = NULL;
	}
	if (!images)
		return log_error_errno(-ENOMEM, "cannot keep its pending signals");
	*ret_images = images;
	*ret_count = pending.signals_count;
	return 0;
}

static int signals_collect_process(struct dump *dump, struct process *process)
{
	const struct tracee *leader = &process->threads[0].tracee;
	Cr__Process *image = process->image;

	image->stop_signal = leader->stop == TRACEE_STOP_GROUP ? leader->signal : 0;
	image->is_stop_reported = image->stop_signal != 0 && process->stat.exit_code == 0;
	return pending_collect(dump, leader, true, process->status.shared_pending, &image->n_pending,
			       &image->pending);
}

static int signals_collect_thread(struct dump *dump, struct process *process, struct thread *thread)
{
	const struct status *status = thread_status(process, thread);
	int r;

	if (!status)
		return -EIO;
	/* Later, while the thread runs our questions, the mask is another. */
	r = tracee_get_signal_mask(&thread->tracee, &thread->image->signal_mask);
	if (r < 0)
		return log_error_errno(r, "cannot read its signal mask");
	return pending_collect(dump, &thread->tracee, false, status->pending, &thread->image->n_pending,
			       &thread->image->pending);
}

static int signals_ask(struct dump *dump maybe_unused, struct process *process, struct thread *thread,
		       struct batch *batch, struct questions *questions)
{
	questions->addresses[ADDRESS_STACK] = batch_data(batch, NULL, sizeof(stack_t));
	questions->calls[CALL_STACK] =
		batch_try(batch, SYS_sigaltstack, 0, questions->addresses[ADDRESS_STACK]);
	if (thread != &process->threads[0])
		return 0;
	questions->addresses[ADDRESS_ACTIONS] =
		batch_data(batch, NULL, SIGNALS_COUNT * sizeof(struct kernel_action));
	for (unsigned i = 0; i < SIGNALS_COUNT; i++) {
		uint64_t address = questions->addresses[ADDRESS_ACTIONS] + i * sizeof(struct kernel_action);
		unsigned call = batch_try(batch, SYS_rt_sigaction, i + 1, 0, address, KERNEL_SIGSET_SIZE);

		if (i == 0)
			questions->calls[CALL_FIRST_ACTION] = call;
	}
	return 0;
}

/* The action of SIGTRAP may be the executor's while the thread runs it; the task's own is kept in the region.
 */
static int trap_action_read(const struct tracee *tracee, const struct batch *batch,
			    struct kernel_action *action)
{
	struct kernel_action executors, own;
	int r = remote_read(tracee->tid, remote_offset(batch->region, EXECUTOR_ACTION), &executors,
			    sizeof(executors));

	if (r == 0)
		r = remote_read(tracee->tid, remote_offset(batch->region, EXECUTOR_OLD_ACTION), &own,
				sizeof(own));
	if (r == 0 && executors.handler != 0)
		*action = own;
	return r;
}

static int actions_answer(struct dump *dump, struct process *process, const struct batch *batch,
			  const struct questions *questions)
{
	struct kernel_action actions[SIGNALS_COUNT];
	Cr__SignalAction *images = arena_array(&dump->arena, Cr__SignalAction, SIGNALS_COUNT);
	Cr__SignalAction **list = arena_array(&dump->arena, Cr__SignalAction *, SIGNALS_COUNT);
	int r;

	if (!images || !list)
		return log_error_errno(-ENOMEM, "cannot keep its signal actions");
	memcpy(actions, batch_data_at(batch, questions->addresses[ADDRESS_ACTIONS]), sizeof(actions));
	r = trap_action_read(&process->threads[0].tracee, batch, &actions[SIGTRAP - 1]);
	if (r < 0)
		return log_error_errno(r, "cannot read its action for SIGTRAP");
	for (unsigned i = 0; i < SIGNALS_COUNT; i++) {
		int64_t result = batch_result(batch, questions->calls[CALL_FIRST_ACTION] + i);

		if (result < 0)
			return log_error_errno((int)result, "cannot ask for its action for signal %u", i + 1);
		cr__signal_action__init(&images[i]);
		images[i].handler = actions[i].handler;
		images[i].flags = actions[i].flags;
		images[i].restorer = actions[i].restorer;
		images[i].mask = actions[i].mask;
		list[i] = &images[i];
	}
	process->image->actions = list;
	process->image->n_actions = SIGNALS_COUNT;
	return 0;
}

static int signals_answer(struct dump *dump, struct process *process, struct thread *thread,
			  const struct batch *batch, const struct questions *questions)
{
	int64_t result = batch_result(batch, questions->calls[CALL_STACK]);
	Cr__AlternateStack *image;
	stack_t stack;

	if (result < 0)
		return log_error_errno((int)result, "cannot ask for its alternate signal stack");
	image = arena_new(&dump->arena, Cr__AlternateStack);
	if (!image)
		return log_error_errno(-ENOMEM, "cannot keep its alternate signal stack");
	memcpy(&stack, batch_data_at(batch, questions->addresses[ADDRESS_STACK]), sizeof(stack));
	cr__alternate_stack__init(image);
	image->address = (uintptr_t)stack.ss_sp;
	image->size = stack.ss_size;
	image->flags = (uint32_t)stack.ss_flags;
	thread->image->alternate_stack = image;
	return thread == &process->threads[0] ? actions_answer(dump, process, batch, questions) : 0;
}

const struct task_dumper signals_task_dumper = {
	.name = "signals",
	.collect_process = signals_collect_process,
	.collect_thread = signals_collect_thread,
	.ask = signals_ask,
	.answer = signals_answer,
};
