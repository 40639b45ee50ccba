/* SPDX-License-Identifier: MIT */
/* The last steps of a restore. */
#include "restorer/finish.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#include "common/log.h"
#include "restorer/job_control.h"
#include "restorer/memory.h"
#include "restorer/task/signals.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)
#define SIGNAL_SET_SIZE 8

static void image_registers(const struct thread *thread, struct remote_address instruction,
			    struct registers *ret_registers)
{
	const uint64_t exit_arguments[6] = {(uint64_t)(thread->image->exit_status >> 8)};

	memcpy(&ret_registers->user, thread->image->registers.data, sizeof(ret_registers->user));
	/* The first thing it does when it is let go. */
	if (thread->image->has_exited) {
		registers_jump(ret_registers, instruction.value);
		registers_set_call(ret_registers, SYS_exit, exit_arguments);
	}
}

/*
 * The arguments with which an interrupted call with a timeout is made anew. The timespec that some take
 * stands in the executor's region, which the kernel reads at once.
 */
static int restart_arguments(struct thread *thread, const struct registers *registers, uint64_t arguments[6])
{
	const Cr__Restart *restart = thread->image->restart;
	struct timespec left = {restart->remaining_ns / NS_PER_SECOND, restart->remaining_ns % NS_PER_SECOND};
	struct remote_address room = remote_offset(thread->puppet.region, EXECUTOR_DATA);

	for (unsigned i = 0; i < 6; i++)
		arguments[i] = registers_syscall_argument(registers, i);
	if (!restart->has_remaining)
		return 0;
	switch (restart->syscall_number) {
	case SYS_nanosleep:
		arguments[0] = room.value;
		break;
	case SYS_clock_nanosleep:
		arguments[2] = room.value;
		break;
	case SYS_poll:
		arguments[2] = (uint64_t)((restart->remaining_ns + NS_PER_MS - 1) / NS_PER_MS);
		break;
	case SYS_futex:
		arguments[3] = room.value;
		break;
	default:
		return -EBADMSG;
	}
	return remote_write(thread->puppet.tracee.tid, room, &left, sizeof(left));
}

/*
 * Makes a call by INSTRUCTION that begins with an interrupt already there: one that waits is over at once,
 * any other is made. Either way the thread stops behind it as enter_event_stop() says. *REGISTERS are those
 * after it.
 */
static int call_and_stop(struct tracee *tracee, struct remote_address instruction, long number,
			 const uint64_t arguments[6], struct registers *registers)
{
	int r;

	registers_jump(registers, instruction.value);
	registers_set_call(registers, number, arguments);
	r = registers_set(tracee->tid, registers);
	if (r == 0)
		r = tracee_resume(tracee, TRACEE_RESUME_TO_SYSCALL, 0);
	if (r == 0)
		r = tracee_wait(tracee, TRACEE_TIMEOUT_MS);
	if (r == 0 && tracee->stop != TRACEE_STOP_SYSCALL)
		r = -EIO;
	if (r == 0)
		r = tracee_interrupt(tracee);
	if (r == 0)
		r = tracee_resume(tracee, TRACEE_RESUME_RUN, 0);
	if (r == 0)
		r = tracee_wait_frozen(tracee, TRACEE_TIMEOUT_MS);
	return r < 0 ? r : registers_get(tracee->tid, registers);
}

/*
 * The kernel keeps the rest of an interrupted timeout in a place of its own (restart_syscall(2)), which only
 * the call itself can fill: so the thread makes it again for the time that is left and is interrupted in it.
 * *REGISTERS become those to set: with the call's result if it was over at once.
 */
static int remake_call(struct thread *thread, struct remote_address instruction, struct registers *registers)
{
	struct registers after = *registers;
	uint64_t arguments[6];
	int r = restart_arguments(thread, registers, arguments);

	if (r == 0)
		r = call_and_stop(&thread->puppet.tracee, instruction,
				  (long)thread->image->restart->syscall_number, arguments, &after);
	if (r < 0)
		return r;
	registers->user.rax = after.user.rax;
	registers->user.orig_rax = after.user.orig_rax;
	return 0;
}

/* Into a stop in which the kernel, when the thread goes on, makes an interrupted call again. */
static int enter_event_stop(struct tracee *tracee)
{
	int r;

	if (tracee->stop == TRACEE_STOP_EVENT)
		return 0;
	r = tracee_interrupt(tracee);
	if (r == 0)
		r = tracee_resume(tracee, TRACEE_RESUME_RUN, 0);
	return r < 0 ? r : tracee_wait_frozen(tracee, TRACEE_TIMEOUT_MS);
}

/* The registers that the thread is to have; last chance for calls that need the executor's memory. */
static int prepare_registers(struct thread *thread, struct remote_address instruction,
			     struct registers *ret_registers)
{
	int r = 0;

	image_registers(thread, instruction, ret_registers);
	if (thread->image->restart)
		r = remake_call(thread, instruction, ret_registers);
	return r < 0 ? log_error_errno(r, "thread %d: cannot make its interrupted system call again",
				       thread->image->tid)
		     : 0;
}

static int set_registers(struct thread *thread, const struct registers *registers)
{
	const Cr__Thread *image = thread->image;
	int r = enter_event_stop(&thread->puppet.tracee);

	if (r == 0)
		r = registers_set_xsave(image->tid, image->xsave.data, image->xsave.len);
	if (r == 0)
		r = registers_set(image->tid, registers);
	return r < 0 ? log_error_errno(r, "cannot set the registers of thread %d", image->tid) : 0;
}

/* Until now it was the default: the executor stops by this signal. */
static long set_trap_action(struct task *task, struct remote_address instruction)
{
	static const unsigned char default_action[SIGNAL_ACTION_SIZE];
	struct puppet *puppet = &task->threads[0].puppet;
	struct remote_address room = remote_offset(puppet->region, EXECUTOR_DATA);
	unsigned char action[SIGNAL_ACTION_SIZE];
	int r;

	signals_action_bytes(task->image->actions[SIGTRAP - 1], action);
	if (memcmp(action, default_action, sizeof(action)) == 0)
		return 0;
	r = remote_write(puppet->tracee.tid, room, action, sizeof(action));
	return r < 0 ? r
		     : puppet_call_at(puppet, instruction, SYS_rt_sigaction,
				      (const uint64_t[6]){SIGTRAP, room.value, 0, SIGNAL_SET_SIZE});
}

/* By a syscall instruction of the task's own: the SIGTRAP action, then the executor's memory. */
static int remove_executor(struct task *task, struct remote_address instruction)
{
	struct puppet *puppet = &task->threads[0].puppet;
	struct registers registers;
	long r = set_trap_action(task, instruction);

	/* Those that share its memory, and may have need of it, are finished before. */
	if (r == 0 && task_owns(task, SHARED_MEMORY)) {
		r = registers_get(puppet->tracee.tid, &registers);
		if (r == 0)
			r = call_and_stop(&puppet->tracee, instruction, SYS_munmap,
					  (const uint64_t[6]){puppet->blob.value, PUPPET_FOOTPRINT},
					  &registers);
		if (r == 0)
			r = registers_result(&registers);
	}
	return r < 0 ? log_error_errno((int)r, "cannot remove the executor") : 0;
}

/* Into the stop that the leader has begun: it is complete, and their parent told of it, when all are in it.
 */
static int join_group_stop(struct thread *thread)
{
	struct tracee *tracee = &thread->puppet.tracee;
	int r = 0;

	while (r == 0 && tracee->stop != TRACEE_STOP_GROUP) {
		r = tracee_resume(tracee, TRACEE_RESUME_RUN, 0);
		if (r == 0)
			r = tracee_wait(tracee, TRACEE_TIMEOUT_MS);
	}
	return r;
}

/* Into the job-control stop that the process was in. All other signals are still blocked. */
static int enter_group_stop(const struct restore *restore, struct task *task)
{
	struct tracee *tracee = &task->threads[0].puppet.tracee;
	int stop = job_control_stop_signal(restore, task);
	int r = tracee_set_signal_mask(tracee, ~(UINT64_C(1) << (stop - 1)));

	if (r == 0 && kill(tracee->tid, stop) < 0)
		r = -errno;
	while (r == 0 && tracee->stop != TRACEE_STOP_GROUP) {
		int signal = tracee->stop == TRACEE_STOP_SIGNAL ? tracee->signal : 0;

		r = tracee_resume(tracee, TRACEE_RESUME_RUN, signal);
		if (r == 0)
			r = tracee_wait(tracee, TRACEE_TIMEOUT_MS);
	}
	for (size_t i = 1; r == 0 && i < task->threads_count; i++)
		r = join_group_stop(&task->threads[i]);
	return r < 0 ? log_error_errno(r, "cannot stop it as it was stopped") : 0;
}

int finish_task(struct restore *restore, struct task *task)
{
	struct remote_address instruction;
	struct registers registers;
	int r = memory_find_syscall_instruction(task, &instruction);

	if (r < 0)
		return log_error_errno(r, "cannot find a syscall instruction in its code");
	r = signals_finish(restore, task);
	if (r < 0)
		return r;
	/* The leader last: with it goes the memory that the calls of the others may need. */
	for (size_t i = task->threads_count - 1; i > 0; i--) {
		r = signals_add_traps(task, &task->threads[i], false, instruction);
		if (r == 0)
			r = prepare_registers(&task->threads[i], instruction, &registers);
		if (r == 0)
			r = set_registers(&task->threads[i], &registers);
		if (r < 0)
			return r;
	}
	r = signals_add_traps(task, &task->threads[0], true, instruction);
	if (r == 0)
		r = signals_add_traps(task, &task->threads[0], false, instruction);
	if (r == 0)
		r = prepare_registers(&task->threads[0], instruction, &registers);
	if (r == 0)
		r = remove_executor(task, instruction);
	if (r == 0)
		r = set_registers(&task->threads[0], &registers);
	if (r == 0 && job_control_is_stopped(task))
		r = enter_group_stop(restore, task);
	for (size_t i = 0; r == 0 && i < task->threads_count; i++)
		r = tracee_set_signal_mask(&task->threads[i].puppet.tracee,
					   task->threads[i].image->signal_mask);
	return r;
}

int finish_let_go(struct restore *restore maybe_unused, struct task *task)
{
	for (size_t i = 0; i < task->threads_count; i++) {
		int r = tracee_detach(&task->threads[i].puppet.tracee);

		if (r < 0)
			return log_error_errno(r, "cannot let thread %d go", task->threads[i].image->tid);
	}
	return 0;
}
