/* SPDX-License-Identifier: MIT */
/* What a valid image of a process is. */
#include "format/task/process_check.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/wait.h>

#include "common/arch/x86_64/registers.h"
#include "common/id_map.h"
#include "common/log.h"
#include "format/layout.h"
#include "format/task/memory_policy.h"

/* The legacy area and the header, which every XSAVE area has. */
#define XSAVE_SIZE_MIN 576

#define SIGNAL_COUNT 64
#define SIGNAL_INFO_SIZE 128

/* RLIM_NLIMITS of the kernel. */
#define RESOURCE_LIMITS_MAX 16

/* TASK_COMM_LEN of the kernel. */
#define COMM_SIZE 16

#define bad_process(...) (log_error("the image of the process is bad: " __VA_ARGS__), -EBADMSG)

static int pending_check(const ProtobufCBinaryData *pending, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (pending[i].len != SIGNAL_INFO_SIZE)
			return bad_process("a pending signal has %zu bytes", pending[i].len);
	return 0;
}

static int thread_check(const Cr__Thread *thread, bool is_leader)
{
	if (thread->registers.len != sizeof(struct user_regs_struct))
		return bad_process("the registers of thread %d have %zu bytes, not %zu", thread->tid,
				   thread->registers.len, sizeof(struct user_regs_struct));
	if (thread->xsave.len < XSAVE_SIZE_MIN || thread->xsave.len > XSAVE_SIZE_MAX)
		return bad_process(
			"the extended registers of thread %d have %zu bytes; %d to %d are possible",
			thread->tid, thread->xsave.len, XSAVE_SIZE_MIN, XSAVE_SIZE_MAX);
	if (thread->has_exited && !is_leader)
		return bad_process("thread %d has exited", thread->tid);
	if (thread->exit_status & ~0xffff)
		return bad_process("thread %d cannot have exited with status %#x", thread->tid,
				   (unsigned)thread->exit_status);
	if (thread->comm.len >= COMM_SIZE)
		return bad_process("the name of thread %d has %zu bytes", thread->tid, thread->comm.len);
	if (memory_policy_check(thread->memory_policy) < 0)
		return -EBADMSG;
	return pending_check(thread->pending, thread->n_pending);
}

static int threads_check(const Cr__Process *process, struct id_map *seen)
{
	int r;

	if (process->n_threads == 0 || process->n_threads > LAYOUT_PID_LIMIT)
		return bad_process("it has %zu threads", process->n_threads);
	if (process->threads[0]->tid != process->pid)
		return bad_process("its first thread is %d, not %d", process->threads[0]->tid, process->pid);
	for (size_t i = 0; i < process->n_threads; i++) {
		const Cr__Thread *thread = process->threads[i];

		if (!layout_pid_is_valid(thread->tid))
			return bad_process("%d cannot be a thread", thread->tid);
		if (id_map_get(seen, (uint64_t)thread->tid, NULL))
			return bad_process("thread %d is there twice", thread->tid);
		if (id_map_set(seen, (uint64_t)thread->tid, 1) < 0)
			return log_error_errno(-ENOMEM, "cannot check the threads of %d", process->pid);
		r = thread_check(thread, i == 0 && process->n_threads > 1);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool directory_is_valid(const Cr__Directory *directory)
{
	return directory && directory->path && directory->path[0] == '/' &&
	       strlen(directory->path) < PATH_MAX;
}

static int zombie_check(const Cr__Process *process)
{
	const Cr__Zombie *zombie = process->zombie;
	int status = zombie->status;

	if (process->n_threads > 0)
		return bad_process("it is a zombie with %zu threads", process->n_threads);
	if (zombie->comm.len >= COMM_SIZE)
		return bad_process("its name has %zu bytes", zombie->comm.len);
	if (status & ~0xffff || (!WIFEXITED(status) && !WIFSIGNALED(status)) ||
	    (WIFSIGNALED(status) && WTERMSIG(status) > SIGNAL_COUNT))
		return bad_process("it cannot have ended with status %#x", (unsigned)status);
	return 0;
}

int process_check(const Cr__Process *process)
{
	cleanup_(id_map_done) struct id_map seen = {0};
	int r;

	if (!layout_pid_is_valid(process->pid))
		return bad_process("%d cannot be a process", process->pid);
	if (process->ppid < 0 || process->parent_tid < 0 || process->pgid < 0 || process->sid < 0)
		return bad_process("parent %d, group %d and session %d", process->ppid, process->pgid,
				   process->sid);
	if (process->exit_signal < 0 || process->exit_signal > SIGNAL_COUNT || process->stop_signal < 0 ||
	    process->stop_signal > SIGNAL_COUNT)
		return bad_process("signals %d at its end and %d for its stop", process->exit_signal,
				   process->stop_signal);
	if (process->is_continue_unreported && process->stop_signal != 0)
		return bad_process("it is stopped, and goes on");
	if (process->zombie)
		return zombie_check(process);
	if (process->n_actions > SIGNAL_COUNT)
		return bad_process("it has %zu signals", process->n_actions);
	if (process->n_limits > RESOURCE_LIMITS_MAX)
		return bad_process("it has %zu resource limits", process->n_limits);
	if (process->umask > 0777)
		return bad_process("it has the umask %#" PRIo32, process->umask);
	if (!directory_is_valid(process->root) || !directory_is_valid(process->working_directory))
		return bad_process("its root or working directory is not an absolute path");
	r = pending_check(process->pending, process->n_pending);
	if (r < 0)
		return r;
	return threads_check(process, &seen);
}
