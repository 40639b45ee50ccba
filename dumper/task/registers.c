/* SPDX-License-Identifier: MIT */
/* The registers of each thread, and how a system call that the freeze interrupted is to go on. */
#include <errno.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#include "common/log.h"
#include "dumper/task/task_dumper.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)
/* A clock_nanosleep has a clock id where nanosleep has a pointer. */
#define CLOCK_ID_MAX 64

/* The call that restart_syscall stands for, from what the thread was seen waiting in. -1: not known. */
static long call_behind_restart(const struct thread *thread)
{
	const char *channel = thread->sleep.wait_channel;

	if (strstr(channel, "nanosleep") || strstr(channel, "restart_syscall") ||
	    strstr(channel, "do_syscall_64"))
		return registers_syscall_argument(&thread->registers, 0) < CLOCK_ID_MAX ? SYS_clock_nanosleep
											: SYS_nanosleep;
	if (strstr(channel, "poll"))
		return SYS_poll;
	if (strstr(channel, "futex"))
		return SYS_futex;
	return -1;
}

static int read_timespec(const struct thread *thread, unsigned argument, int64_t *ret_ns)
{
	uint64_t address = registers_syscall_argument(&thread->registers, argument);
	struct timespec value;
	int r;

	if (address == 0)
		return -ENODATA;
	r = remote_read(thread->tracee.tid, remote_address(address), &value, sizeof(value));
	if (r < 0)
		return r;
	if (value.tv_sec < 0 || value.tv_sec > INT64_MAX / NS_PER_SECOND - 1 || value.tv_nsec < 0)
		return -ERANGE;
	*ret_ns = value.tv_sec * NS_PER_SECOND + value.tv_nsec;
	return 0;
}

/* What is left of a sleep of TOTAL_NS, as far as its start is known. */
static int64_t time_left(const struct dump *dump, const struct thread *thread, int64_t total_ns)
{
	int64_t elapsed_ns = sleep_elapsed_ns(&thread->sleep, thread->proc_fd, dump->freeze_ns);

	return elapsed_ns < total_ns ? total_ns - elapsed_ns : 0;
}

/* Sets the rest of a relative timeout; calls without one, or with an absolute one, are just made again. */
static void collect_remaining(const struct dump *dump, const struct thread *thread, Cr__Restart *restart)
{
	int64_t total_ns;

	switch (restart->syscall_number) {
	case SYS_nanosleep:
		/* The kernel has written the rest for the caller, if that gave it room. */
		if (read_timespec(thread, 1, &restart->remaining_ns) == 0)
			restart->has_remaining = true;
		else if (read_timespec(thread, 0, &total_ns) == 0)
			restart->has_remaining = true,
			restart->remaining_ns = time_left(dump, thread, total_ns);
		break;
	case SYS_clock_nanosleep:
		if (read_timespec(thread, 3, &restart->remaining_ns) == 0)
			restart->has_remaining = true;
		else if (read_timespec(thread, 2, &total_ns) == 0)
			restart->has_remaining = true,
			restart->remaining_ns = time_left(dump, thread, total_ns);
		break;
	case SYS_poll:
		total_ns = (int)registers_syscall_argument(&thread->registers, 2) * NS_PER_MS;
		if (total_ns >= 0)
			restart->has_remaining = true,
			restart->remaining_ns = time_left(dump, thread, total_ns);
		break;
	case SYS_futex:
		if ((registers_syscall_argument(&thread->registers, 1) & FUTEX_CMD_MASK) == FUTEX_WAIT &&
		    read_timespec(thread, 3, &total_ns) == 0)
			restart->has_remaining = true,
			restart->remaining_ns = time_left(dump, thread, total_ns);
		break;
	default:
		break;
	}
}

static int collect_restart(struct dump *dump, const struct process *process, struct thread *thread)
{
	Cr__Restart *restart = arena_new(&dump->arena, Cr__Restart);
	long number = registers_syscall_number(&thread->registers);

	if (!restart)
		return log_error_errno(-ENOMEM, "cannot note its system call");
	cr__restart__init(restart);
	if (number == SYS_restart_syscall)
		number = call_behind_restart(thread);
	if (number < 0) {
		blockers_add(&dump->blockers,
			     "is in an interrupted system call that cannot be told (it waits in %s)%s",
			     thread->sleep.wait_channel[0] ? thread->sleep.wait_channel : "an unknown place",
			     process->is_stopped ? ": continue it with SIGCONT, and stop it again" : "");
		return 0;
	}
	restart->syscall_number = number;
	collect_remaining(dump, thread, restart);
	thread->image->restart = restart;
	return 0;
}

static int collect_xsave(struct dump *dump, struct thread *thread)
{
	unsigned char area[XSAVE_SIZE_MAX];
	size_t size = sizeof(area);
	int r = registers_get_xsave(thread->tracee.tid, area, &size);

	if (r < 0)
		return log_error_errno(r, "cannot read its extended registers");
	thread->image->xsave = arena_bytes(&dump->arena, area, size);
	if (!thread->image->xsave.data)
		return log_error_errno(-ENOMEM, "cannot keep its extended registers");
	dump->manifest->needed_xsave_features |= xsave_features(area, size);
	return 0;
}

/*
 * A restartable sequence (rseq(2)) that a thread was stopped in is aborted by the kernel when the thread goes
 * on: it has been scheduled out. That would be lost with the executor's detour, so it is done here.
 */
static int abort_sequence(struct thread *thread)
{
	struct {
		uint32_t version, flags;
		uint64_t start, length, abort;
	} section;
	struct tracee_rseq rseq;
	uint64_t address = 0;
	int r = tracee_get_rseq(&thread->tracee, &rseq);

	if (r < 0 || rseq.address == 0)
		return r == -EINVAL ? 0 : r;
	/* struct rseq: cpu_id_start, cpu_id, then the address of the section. */
	r = remote_read(thread->tracee.tid, remote_address(rseq.address + 8), &address, sizeof(address));
	if (r < 0 || address == 0)
		return 0;
	r = remote_read(thread->tracee.tid, remote_address(address), &section, sizeof(section));
	if (r < 0 || thread->registers.user.rip - section.start >= section.length)
		return 0;
	thread->registers.user.rip = section.abort;
	return registers_set(thread->tracee.tid, &thread->registers);
}

static int registers_collect_thread(struct dump *dump, struct process *process, struct thread *thread)
{
	int r = registers_get(thread->tracee.tid, &thread->registers);

	if (r < 0)
		return log_error_errno(r, "cannot read its registers");
	if (!registers_are_64_bit(&thread->registers)) {
		blockers_add(&dump->blockers, "runs 32-bit code, which is not supported");
		return 0;
	}
	if (registers_retry_interrupted(&thread->registers)) {
		/* Also for the thread itself, should it go on here: it is not to notice the freeze. */
		r = registers_set(thread->tracee.tid, &thread->registers);
		if (r < 0)
			return log_error_errno(r, "cannot set its registers");
	}
	r = abort_sequence(thread);
	if (r < 0)
		return log_error_errno(r, "cannot end its restartable sequence");
	thread->image->tid = thread->tracee.tid;
	thread->image->registers =
		arena_bytes(&dump->arena, &thread->registers.user, sizeof(thread->registers.user));
	if (!thread->image->registers.data)
		return log_error_errno(-ENOMEM, "cannot keep its registers");
	if (registers_restart(&thread->registers) == SYSCALL_RESTART_BLOCK) {
		r = collect_restart(dump, process, thread);
		if (r < 0)
			return r;
	}
	return collect_xsave(dump, thread);
}

const struct task_dumper registers_task_dumper = {
	.name = "registers",
	.collect_thread = registers_collect_thread,
};
