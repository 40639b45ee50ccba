/* SPDX-License-Identifier: MIT */
/* Stops the threads of one process. */
#include "dumper/freeze.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/interrupt.h"
#include "common/log.h"
#include "common/proc/proc_dir.h"
#include "common/vector.h"
#include "dumper/cgroups.h"
#include "dumper/vfork.h"

/* Rounds of looking for new threads; each finds fewer unless threads are made faster than they can be seized.
 */
#define FREEZE_ROUNDS_MAX 64
/* Looks at a thread that goes to sleep: at first one after the other, for the next signal may come soon; then
 * a millisecond apart at most. */
#define LOOK_ROUNDS_MAX 1000
#define LOOK_ROUNDS_AT_ONCE 200
/* A thread that takes longer to stop may be one that cannot. */
#define STOP_AT_ONCE_MS 100
/* Signals from outside may stop and continue a process meanwhile. */
#define STOP_ROUNDS_MAX 8
/* Looks at what such a thread waits for. */
#define STOP_LOOK_MS 20
/* Looks at a thread that signals keep from its sleep. */
#define RESTART_ROUNDS_MAX 256

void freeze_comm(pid_t pid, char comm[PROC_COMM_SIZE])
{
	cleanup_close int proc_fd = -EBADF;

	if (proc_open(pid, &proc_fd) < 0 || proc_read_comm(proc_fd, comm) < 0)
		strcpy(comm, "?");
}

static bool has_thread(const struct process *process, pid_t tid)
{
	for (size_t i = 0; i < process->threads_count; i++)
		if (process->threads[i].tracee.tid == tid)
			return true;
	return false;
}

static bool is_in_tree(const struct dump *dump, pid_t tid)
{
	for (size_t i = 0; i < dump->processes_count; i++)
		if (dump->processes[i].pidref.pid == tid || has_thread(&dump->processes[i], tid))
			return true;
	return false;
}

/* Another process traces it, which is a refusal: the freeze goes on, to find all of them. */
static void refuse_traced(struct dump *dump, struct process *process, pid_t tid, pid_t tracer)
{
	char comm[PROC_COMM_SIZE];

	process->is_refused = true;
	freeze_comm(tracer, comm);
	if (is_in_tree(dump, tracer))
		blockers_add(
			&dump->blockers,
			"thread %d is traced by pid %d (%s), which is to be dumped with it: what ptrace(2) "
			"knows of them cannot be saved; try again when that has detached",
			(int)tid, (int)tracer, comm);
	else
		blockers_add(&dump->blockers, "thread %d is traced by pid %d (%s): detach that first",
			     (int)tid, (int)tracer, comm);
}

static int explain_seize(struct dump *dump, int error, struct process *process, pid_t tid)
{
	cleanup_close int proc_fd = -EBADF;
	cleanup_(status_done) struct status status = {0};

	if (error == -EPERM && proc_open_thread(process->proc_fd, tid, &proc_fd) == 0 &&
	    status_read(proc_fd, &status) == 0 && status.tracer_pid != 0) {
		refuse_traced(dump, process, tid, status.tracer_pid);
		return 0;
	}
	if (error == -EPERM)
		return log_error_errno(error,
				       "cannot attach to thread %d: run cr-dump as the same user, or as root "
				       "(CAP_SYS_PTRACE)",
				       (int)tid);
	return log_error_errno(error, "cannot attach to thread %d", (int)tid);
}

static bool is_dead(int proc_fd)
{
	struct stat_info stat;

	return stat_read(proc_fd, &stat) < 0 || stat.state == 'Z' || stat.state == 'X';
}

/* A worker of io_uring(7): the kernel makes and ends it, and it never runs code of the process. */
static bool is_kernels_own(int proc_fd)
{
	struct stat_info stat;

	return stat_read(proc_fd, &stat) == 0 && stat.kernel_flags & STAT_FLAG_IO_WORKER;
}

/* What a thread of ours has made, which stops by itself (TRACEE_HOLD_CHILDREN); or one that we have seized
 * before: it has another id since, by execve(2), or could not stop then (dumper/vfork.h); it does, or has,
 * since. */
static bool is_ours(int proc_fd)
{
	cleanup_(status_done) struct status status = {0};

	return !is_dead(proc_fd) && status_read(proc_fd, &status) == 0 && status.tracer_pid == getpid();
}

/*
 * A thread that we had seized called execve(2) before it could be asked to stop, and has the id of the leader
 * now: so that is asked. If it was known, it is no more who had stopped.
 */
static void follow_to_leader(struct process *process)
{
	struct tracee leader = {.tid = process->pidref.pid};

	if (tracee_interrupt(&leader) < 0)
		return; /* it has ended */
	for (size_t i = 0; i < process->threads_count; i++)
		if (process->threads[i].tracee.tid == leader.tid)
			process->threads[i].tracee.stop = TRACEE_RUNNING;
}

static int seize(struct tracee *tracee, pid_t tid, pid_t tgid)
{
	int r = tracee_seize(tracee, tid, tgid, TRACEE_HOLD_CHILDREN | TRACEE_SUSPEND_SECCOMP);

	if (r == -EPERM) /* only CAP_SYS_ADMIN may suspend filters */
		r = tracee_seize(tracee, tid, tgid, TRACEE_HOLD_CHILDREN);
	return r;
}

bool freeze_catch(pid_t pid)
{
	struct tracee tracee;

	return seize(&tracee, pid, pid) == 0;
}

/* IS_CAUGHT: it is seized. */
static int ask_to_stop(struct process *process, struct thread *thread, pid_t tid, bool is_caught)
{
	pid_t pid = process->pidref.pid;
	int r = is_caught ? 0 : seize(&thread->tracee, tid, pid);
	bool was_ours = r == -EPERM && is_ours(thread->proc_fd);

	if (is_caught || was_ours)
		thread->tracee = (struct tracee){.tid = tid, .tgid = pid};
	if (was_ours)
		return 0;
	if (r < 0)
		return r;
	r = tracee_interrupt(&thread->tracee);
	if (r == -ESRCH)
		follow_to_leader(process);
	return r;
}

/* Seizes TID and asks it to stop, unless it has ended. */
static int try_seize(struct process *process, pid_t tid, bool is_caught)
{
	struct thread thread = {.proc_fd = -EBADF};
	struct thread *slot;
	bool has_ended;
	int r = proc_open_thread(process->proc_fd, tid, &thread.proc_fd);

	if (r < 0)
		return r == -ESRCH || r == -ENOENT ? 0 : r;
	if (is_kernels_own(thread.proc_fd)) {
		close_fd(&thread.proc_fd);
		return 0;
	}
	sleep_note(thread.proc_fd, &thread.sleep);
	slot = vector_append(process, threads);
	if (!slot) {
		close_fd(&thread.proc_fd);
		return -ENOMEM;
	}
	*slot = thread;
	r = ask_to_stop(process, &thread, tid, is_caught);
	if (r == 0) {
		*slot = thread;
		return 0;
	}
	has_ended = r == -ESRCH || is_dead(thread.proc_fd);
	close_fd(&thread.proc_fd);
	process->threads_count--;
	return has_ended ? 0 : r;
}

static int seize_thread(struct dump *dump, struct process *process, pid_t tid)
{
	int r = try_seize(process, tid, false);

	return r < 0 ? explain_seize(dump, r, process, tid) : 0;
}

/* At once, so that the thread does not notice the freeze whatever becomes of the dump. */
static int hide_interruption(const struct thread *thread)
{
	struct registers registers;
	int r = registers_get(thread->tracee.tid, &registers);

	if (r == -EOPNOTSUPP) /* of 32-bit code, which is refused later */
		return 0;
	if (r == 0 && registers_retry_interrupted(&registers))
		r = registers_set(thread->tracee.tid, &registers);
	return r;
}

int freeze_look(struct thread *thread)
{
	int r = tracee_wait_frozen(&thread->tracee, 0);

	return r < 0 ? r : hide_interruption(thread);
}

static void refuse_endless(struct dump *dump, struct thread *thread)
{
	const char *channel = thread->sleep.wait_channel;

	sleep_note(thread->proc_fd, &thread->sleep);
	blockers_add(
		&dump->blockers,
		"thread %d does not stop within %u s (it waits in %s, uninterruptibly): try again, or give "
		"a longer --timeout",
		(int)thread->tracee.tid, dump->options->timeout_seconds, channel[0] ? channel : "the kernel");
}

/*
 * Takes note of threads that were ended by another, which waits for that in execve(2): also of those that had
 * stopped, for that does not save them. BUT is being waited for already.
 */
static int note_ended(struct process *process, size_t but)
{
	for (size_t i = 0; i < process->threads_count; i++) {
		struct thread *thread = &process->threads[i];
		int r = -ETIMEDOUT;

		if (i == but || thread->tracee.stop == TRACEE_GONE)
			continue;
		/* Of one that has stopped nothing comes but its end, or the stop of who took its place. */
		r = tracee_wait_frozen(&thread->tracee, 0);
		if (r == 0)
			r = hide_interruption(thread);
		if (r < 0 && r != -ETIMEDOUT && r != -ESRCH)
			return r;
	}
	return 0;
}

/*
 * In slices: it may wait for others of the process to end, or, in vfork(2), for a child that may be waiting
 * for a thread that is frozen. And it is asked to stop again, for since 2026 execve(2) forgets
 * (zap_other_threads()) that it was.
 */
static int wait_slowly(struct dump *dump, struct process *process, size_t index, int timeout_ms)
{
	struct thread *thread = &process->threads[index];

	for (int waited_ms = 0; waited_ms < timeout_ms; waited_ms += STOP_LOOK_MS) {
		int r = note_ended(process, index);

		if (r == 0)
			r = tracee_interrupt(&thread->tracee);
		if (r == 0 || r == -ESRCH) /* else it has ended, which the wait tells */
			r = tracee_wait_frozen(&thread->tracee, STOP_LOOK_MS);
		if (r != -ETIMEDOUT)
			return r;
		if (interrupted())
			return -EINTR;
		if (waited_ms >= dump->vfork_patience_ms && vfork_is_awaited(thread->proc_fd)) {
			dump->vfork_tid = thread->tracee.tid;
			return -EAGAIN;
		}
	}
	refuse_endless(dump, thread);
	return -ECANCELED;
}

static int wait_thread(struct dump *dump, struct process *process, size_t index)
{
	struct thread *thread = &process->threads[index];
	int timeout_ms = (int)dump->options->timeout_seconds * 1000;
	int r = tracee_wait_frozen(&thread->tracee, STOP_AT_ONCE_MS);

	/* In a frozen cgroup v1 it would never stop. */
	if (r == -ETIMEDOUT) {
		r = cgroups_note(dump, thread->proc_fd, &thread->cgroup_set);
		if (r > 0)
			return -ECANCELED;
		if (r == 0)
			r = wait_slowly(dump, process, index, timeout_ms - STOP_AT_ONCE_MS);
	}
	if (r == 0)
		r = hide_interruption(thread);
	return r == -ESRCH ? 0 : r;
}

/* Forgets the threads that exited on the way. */
static void drop_gone(struct process *process)
{
	size_t kept = 0;

	for (size_t i = 0; i < process->threads_count; i++) {
		if (process->threads[i].tracee.stop == TRACEE_GONE)
			close_fd(&process->threads[i].proc_fd);
		else
			process->threads[kept++] = process->threads[i];
	}
	process->threads_count = kept;
}

/*
 * Whether TID is among the first KNOWN threads. They are listed ascending and noted so: those that are known
 * stand in the same order mostly, the next of them at *NEXT.
 */
static bool is_known(const struct process *process, size_t known, pid_t tid, size_t *next)
{
	for (size_t i = 0; i < known; i++, (*next)++)
		if (process->threads[*next % known].tracee.tid == tid) {
			(*next)++;
			return true;
		}
	return false;
}

void freeze_begin(struct process *process)
{
	int r = try_seize(process, process->pidref.pid, true);

	if (r < 0)
		log_debug("cannot attach to process %d yet: %s", (int)process->pidref.pid, strerror(-r));
}

size_t freeze_count_stopped(const struct process *process)
{
	size_t count = 0;

	for (size_t i = 0; i < process->threads_count; i++)
		if (process->threads[i].tracee.stop != TRACEE_RUNNING)
			count++;
	return count;
}

static int wait_threads(struct dump *dump, struct process *process)
{
	for (size_t i = 0; i < process->threads_count; i++) {
		int r = process->threads[i].tracee.stop == TRACEE_RUNNING ? wait_thread(dump, process, i) : 0;

		if (r < 0)
			return r;
	}
	drop_gone(process);
	return 0;
}

/*
 * Whether all threads still are those that have stopped: one that called execve(2) meanwhile has ended all
 * others, and has the leader's id. *RET_IS_SAME is false then, and they are to be listed anew.
 */
static int look_again(struct process *process, bool *ret_is_same)
{
	size_t count = process->threads_count;
	int r = note_ended(process, count);

	drop_gone(process);
	*ret_is_same = process->threads_count == count && freeze_count_stopped(process) == count;
	return r;
}

int freeze_process(struct dump *dump, struct process *process)
{
	for (int round = 0; round < FREEZE_ROUNDS_MAX; round++) {
		cleanup_free pid_t *tids = NULL;
		size_t count = 0, known = process->threads_count, next = 0;
		int r = proc_list_threads(process->proc_fd, &tids, &count);

		if (r == -ESRCH || r == -ENOENT)
			return wait_threads(dump, process);
		if (r < 0)
			return log_error_errno(r, "cannot list the threads");
		for (size_t i = 0; i < count; i++) {
			r = is_known(process, known, tids[i], &next) ? 0
								     : seize_thread(dump, process, tids[i]);
			if (r < 0)
				return r;
		}
		if (freeze_count_stopped(process) == process->threads_count) {
			bool is_same;

			r = look_again(process, &is_same);
			if (r < 0 || is_same)
				return r;
			continue;
		}
		r = wait_threads(dump, process);
		if (r < 0)
			return r;
	}
	blockers_add(&dump->blockers, "it makes threads faster than they can be stopped");
	return -ECANCELED;
}

static bool is_between_stops(const struct process *process)
{
	for (size_t i = 1; i < process->threads_count; i++)
		if (process->threads[i].tracee.stop != process->threads[0].tracee.stop)
			return true;
	return false;
}

/* Each is asked to stop anew, and does so before it runs anything: it is in the stop of the process then, if
 * there is one. */
int freeze_join_stop(struct process *process)
{
	for (int round = 0; round < STOP_ROUNDS_MAX && is_between_stops(process); round++)
		for (size_t i = 0; i < process->threads_count; i++) {
			struct thread *thread = &process->threads[i];
			int r = tracee_interrupt(&thread->tracee);

			if (r == 0)
				r = tracee_resume(&thread->tracee, TRACEE_RESUME_RUN, 0);
			if (r == 0)
				r = tracee_wait_frozen(&thread->tracee, TRACEE_TIMEOUT_MS);
			if (r == 0)
				r = hide_interruption(thread);
			if (r < 0)
				return r;
		}
	return 0;
}

/* Lets a thread at the entry of its call go to sleep in it, unless the call is over meanwhile, or a signal
 * comes. */
static int wait_asleep(struct thread *thread)
{
	int r = tracee_resume(&thread->tracee, TRACEE_RESUME_TO_SYSCALL, 0);

	if (r == 0)
		r = -ETIMEDOUT;
	for (int i = 0; r == -ETIMEDOUT && i < LOOK_ROUNDS_MAX && !sleep_is_timed(&thread->sleep); i++) {
		r = tracee_wait(&thread->tracee, i < LOOK_ROUNDS_AT_ONCE ? 0 : 1);
		if (r == -ETIMEDOUT)
			sleep_note(thread->proc_fd, &thread->sleep);
	}
	return r == -ETIMEDOUT ? 0 : r;
}

/* Whether a signal is going to end the thread's call, or the thread, as soon as it may take it. */
static int awaits_signal(const struct thread *thread, bool *ret_awaits)
{
	const uint64_t ignored_by_default = UINT64_C(1) << (SIGCHLD - 1) | UINT64_C(1) << (SIGCONT - 1) |
					    UINT64_C(1) << (SIGURG - 1) | UINT64_C(1) << (SIGWINCH - 1);
	cleanup_(status_done) struct status status = {0};
	int r = status_read(thread->proc_fd, &status);

	if (r < 0)
		return r;
	*ret_awaits = (status.pending | status.shared_pending) & ~status.blocked & ~status.ignored &
		      (status.caught | ~ignored_by_default);
	return 0;
}

/*
 * A thread that is in restart_syscall(2), but was only on its way to sleep when it was looked at: which call
 * that goes on with cannot be told. Lets it sleep, looks again, and freezes it anew; it runs nothing of its
 * own meanwhile. A signal that waits for it ends the call, or is ignored: then the next round tells. But in a
 * stopped process it must not be taken yet, and the thread stays as it is, to be refused.
 */
static int look_into_restart(const struct process *process, struct thread *thread)
{
	struct tracee *tracee = &thread->tracee;
	struct registers registers;
	bool awaits = false;

	for (int i = 0; i < RESTART_ROUNDS_MAX; i++) {
		int r = registers_get(tracee->tid, &registers);

		if (r < 0 || registers_restart(&registers) != SYSCALL_RESTART_BLOCK ||
		    registers_syscall_number(&registers) != SYS_restart_syscall ||
		    sleep_is_timed(&thread->sleep))
			return r;
		r = process->is_stopped ? awaits_signal(thread, &awaits) : 0;
		if (r < 0 || awaits)
			return r;
		r = tracee_resume(tracee, TRACEE_RESUME_TO_SYSCALL, 0);
		if (r == 0)
			r = tracee_wait(tracee, TRACEE_TIMEOUT_MS);
		if (r == 0 && tracee->stop == TRACEE_STOP_SYSCALL)
			r = wait_asleep(thread);
		if (r == 0)
			r = tracee_freeze(tracee);
		if (r < 0)
			return r;
	}
	return 0; /* refused later, as a call that cannot be told */
}

int freeze_settle(struct process *process)
{
	cleanup_close int mem_fd = openat(process->proc_fd, "mem", O_RDONLY | O_CLOEXEC);
	int r = mem_fd < 0 ? -errno : 0;

	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < process->threads_count; i++)
		r = borrow_settle(&process->threads[i].tracee, mem_fd);
	for (size_t i = 0; r == 0 && i < process->threads_count; i++)
		r = look_into_restart(process, &process->threads[i]);
	return r;
}
