/* SPDX-License-Identifier: MIT */
/* Finds and freezes the tasks of the tree, and lets them go. */
#include "dumper/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/log.h"
#include "common/proc/auxv.h"
#include "common/proc/proc_dir.h"
#include "common/vector.h"

/* Rounds of looking for new threads; each finds fewer unless threads are made faster than they can be seized.
 */
#define FREEZE_ROUNDS_MAX 64
#define KILL_TIMEOUT_MS 10000
/* Looks, a millisecond apart at most, at a thread that goes to sleep. */
#define LOOK_ROUNDS_MAX 1000

static int64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static bool is_our_ancestor(pid_t pid)
{
	pid_t at = getpid();

	while (at > 1) {
		cleanup_close int proc_fd = -EBADF;
		struct stat_info stat;

		if (at == pid)
			return true;
		if (proc_open(at, &proc_fd) < 0 || stat_read(proc_fd, &stat) < 0)
			return false;
		at = stat.ppid;
	}
	return false;
}

static void tracer_name(pid_t tracer, char comm[PROC_COMM_SIZE])
{
	cleanup_close int proc_fd = -EBADF;

	if (proc_open(tracer, &proc_fd) < 0 || proc_read_comm(proc_fd, comm) < 0)
		strcpy(comm, "?");
}

static void check_status(struct dump *dump, const struct status *status)
{
	pid_t pid = dump->options->root_pid;

	LOG_SCOPE("pid %d (%s)", (int)pid, status->name);
	if (status->tgid != pid)
		blockers_add(&dump->blockers, "is a thread of process %d, not a process: give -t %d",
			     status->tgid, status->tgid);
	else if (status->is_kernel_thread ||
		 (!status->has_memory && status->state != 'Z' && status->state != 'X'))
		blockers_add(&dump->blockers,
			     "is a kernel thread, which belongs to this kernel and cannot be dumped");
	else if (status->state == 'Z' || status->state == 'X')
		blockers_add(
			&dump->blockers,
			"is a zombie: it has exited and waits for its parent, pid %d, to collect its status",
			status->ppid);
	else if (pid == getpid())
		blockers_add(&dump->blockers, "is cr-dump itself, which cannot freeze itself");
	else if (is_our_ancestor(pid))
		blockers_add(&dump->blockers,
			     "is an ancestor of cr-dump, which would freeze itself with it: start "
			     "cr-dump outside of the tree, for example with setsid from another shell");
	if (status->tracer_pid != 0) {
		char comm[PROC_COMM_SIZE];

		tracer_name(status->tracer_pid, comm);
		blockers_add(&dump->blockers, "is traced by pid %d (%s): detach that first",
			     status->tracer_pid, comm);
	}
}

int tree_check_root(struct dump *dump)
{
	cleanup_close int proc_fd = -EBADF;
	cleanup_(status_done) struct status status = {0};
	pid_t pid = dump->options->root_pid;
	int r = proc_open(pid, &proc_fd);

	if (r == 0)
		r = status_read(proc_fd, &status);
	if (r < 0)
		return r == -ESRCH || r == -ENOENT
			       ? log_error_errno(-ESRCH, "there is no process %d", (int)pid)
			       : log_error_errno(r, "cannot look at process %d", (int)pid);
	check_status(dump, &status);
	return 0;
}

static bool has_thread(const struct process *process, pid_t tid)
{
	/* Threads are listed ascending by the kernel and appended so; look from the end. */
	for (size_t i = process->threads_count; i > 0; i--)
		if (process->threads[i - 1].tracee.tid == tid)
			return true;
	return false;
}

static int explain_seize(int error, const struct process *process, pid_t tid)
{
	cleanup_close int proc_fd = -EBADF;
	cleanup_(status_done) struct status status = {0};

	if (error == -EPERM && proc_open_thread(process->proc_fd, tid, &proc_fd) == 0 &&
	    status_read(proc_fd, &status) == 0 && status.tracer_pid != 0) {
		char comm[PROC_COMM_SIZE];

		tracer_name(status.tracer_pid, comm);
		log_error("thread %d is traced by pid %d (%s): detach that first", (int)tid,
			  status.tracer_pid, comm);
		return -EBUSY;
	}
	if (error == -EPERM)
		return log_error_errno(error,
				       "cannot attach to thread %d: run cr-dump as the same user, or as root "
				       "(CAP_SYS_PTRACE)",
				       (int)tid);
	return log_error_errno(error, "cannot attach to thread %d", (int)tid);
}

static int seize_thread(struct process *process, pid_t tid)
{
	struct thread thread = {.proc_fd = -EBADF};
	struct thread *slot;
	int r = proc_open_thread(process->proc_fd, tid, &thread.proc_fd);

	if (r < 0)
		return r == -ESRCH || r == -ENOENT ? 0
						   : log_error_errno(r, "cannot look at thread %d", (int)tid);
	sleep_note(thread.proc_fd, &thread.sleep);
	slot = vector_append(process, threads);
	if (!slot) {
		close_fd(&thread.proc_fd);
		return log_error_errno(-ENOMEM, "cannot note thread %d", (int)tid);
	}
	r = tracee_seize(&thread.tracee, tid, process->pidref.pid, TRACEE_SUSPEND_SECCOMP);
	if (r == -EPERM) /* only CAP_SYS_ADMIN may suspend filters */
		r = tracee_seize(&thread.tracee, tid, process->pidref.pid, 0);
	if (r == 0)
		r = tracee_interrupt(&thread.tracee);
	if (r < 0) {
		close_fd(&thread.proc_fd);
		process->threads_count--;
		return r == -ESRCH ? 0 : explain_seize(r, process, tid);
	}
	*slot = thread;
	return 0;
}

static int wait_thread(const struct dump *dump, struct process *process, size_t index)
{
	struct thread *thread = &process->threads[index];
	int r = tracee_wait_frozen(&thread->tracee, (int)dump->options->timeout_seconds * 1000);

	if (r == -ESRCH && index == 0)
		return log_error_errno(r, "it exited while it was being frozen");
	if (r == -ETIMEDOUT)
		return log_error_errno(r,
				       "thread %d does not stop within %u s (it waits in %s, "
				       "uninterruptibly): try again, or "
				       "give a longer --timeout",
				       (int)thread->tracee.tid, dump->options->timeout_seconds,
				       thread->sleep.wait_channel[0] ? thread->sleep.wait_channel
								     : "the kernel");
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

static int freeze_process(struct dump *dump, struct process *process)
{
	for (int round = 0; round < FREEZE_ROUNDS_MAX; round++) {
		cleanup_free pid_t *tids = NULL;
		size_t count, known = process->threads_count;
		int r = proc_list_threads(process->proc_fd, &tids, &count);

		if (r < 0)
			return log_error_errno(r, "cannot list the threads");
		for (size_t i = 0; i < count; i++) {
			r = has_thread(process, tids[i]) ? 0 : seize_thread(process, tids[i]);
			if (r < 0)
				return r;
		}
		if (process->threads_count == known)
			return 0;
		for (size_t i = known; i < process->threads_count; i++) {
			r = wait_thread(dump, process, i);
			if (r < 0)
				return r;
		}
		drop_gone(process);
	}
	return log_error_errno(-EAGAIN, "it makes threads faster than they can be stopped");
}

static int add_process(struct dump *dump, pid_t pid)
{
	struct process *process = vector_append(dump, processes);
	int r;

	if (!process)
		return log_error_errno(-ENOMEM, "cannot note process %d", (int)pid);
	*process = (struct process){.proc_fd = -EBADF, .pidref = PIDREF_NULL};
	r = pidref_open(pid, &process->pidref);
	if (r == 0)
		r = proc_open(pid, &process->proc_fd);
	if (r < 0)
		return log_error_errno(r, "cannot open process %d", (int)pid);
	return 0;
}

/* Children are not taken yet: dumping a parent alone would lose them. */
static int check_children(struct dump *dump, const struct process *process)
{
	for (size_t i = 0; i < process->threads_count; i++) {
		cleanup_free char *children = NULL;
		char *at, *rest = NULL;
		int r = file_read_at(process->threads[i].proc_fd, "children", 1 << 20, &children, NULL);

		if (r < 0)
			return log_error_errno(r, "cannot list the children");
		for (at = strtok_r(children, " \n", &rest); at; at = strtok_r(NULL, " \n", &rest)) {
			char comm[PROC_COMM_SIZE];

			tracer_name((pid_t)atoi(at), comm);
			blockers_add(&dump->blockers,
				     "has a child, pid %s (%s): trees of processes cannot be dumped yet", at,
				     comm);
		}
	}
	return 0;
}

/*
 * A thread that is in restart_syscall(2), but was only on its way to sleep when it was looked at: which call
 * that goes on with cannot be told. Lets it sleep, looks again, and freezes it anew; it runs nothing of its
 * own meanwhile.
 */
static int look_into_restart(struct thread *thread)
{
	struct tracee *tracee = &thread->tracee;
	struct registers registers;
	int r = registers_get(tracee->tid, &registers);

	if (r < 0 || registers_restart(&registers) != SYSCALL_RESTART_BLOCK ||
	    registers_syscall_number(&registers) != SYS_restart_syscall || sleep_is_timed(&thread->sleep))
		return r;
	r = tracee_resume(tracee, TRACEE_RESUME_TO_SYSCALL, 0);
	if (r == 0)
		r = tracee_wait(tracee, TRACEE_TIMEOUT_MS);
	if (r < 0 || tracee->stop != TRACEE_STOP_SYSCALL)
		return r < 0 ? r : tracee_wait_frozen(tracee, TRACEE_TIMEOUT_MS);
	r = tracee_resume(tracee, TRACEE_RESUME_TO_SYSCALL, 0);
	if (r == 0)
		r = -ETIMEDOUT;
	/* Unless the call is over meanwhile, which is a stop too. */
	for (int i = 0; r == -ETIMEDOUT && i < LOOK_ROUNDS_MAX && !sleep_is_timed(&thread->sleep); i++) {
		r = tracee_wait(tracee, 1);
		if (r == -ETIMEDOUT)
			sleep_note(thread->proc_fd, &thread->sleep);
	}
	if (r < 0 && r != -ETIMEDOUT)
		return r;
	r = tracee_interrupt(tracee);
	if (r == 0 && tracee->stop != TRACEE_RUNNING)
		r = tracee_resume(tracee, TRACEE_RESUME_RUN, 0);
	return r < 0 ? r : tracee_wait_frozen(tracee, TRACEE_TIMEOUT_MS);
}

static int settle(struct process *process)
{
	cleanup_close int mem_fd = openat(process->proc_fd, "mem", O_RDONLY | O_CLOEXEC);
	struct auxv auxv;
	uint64_t vdso;
	int r = auxv_read(process->proc_fd, &auxv);

	if (r < 0 || !auxv_get(&auxv, AT_SYSINFO_EHDR, &vdso))
		return r;
	if (mem_fd < 0)
		return -errno;
	for (size_t i = 0; r == 0 && i < process->threads_count; i++)
		r = borrow_settle(&process->threads[i].tracee, mem_fd, vdso);
	for (size_t i = 0; r == 0 && i < process->threads_count; i++)
		r = look_into_restart(&process->threads[i]);
	return r;
}

static int read_frozen(struct dump *dump, struct process *process)
{
	int r;

	process->is_stopped = process->threads[0].tracee.stop == TRACEE_STOP_GROUP;
	r = settle(process);

	if (r < 0)
		return log_error_errno(r, "cannot see whether another cr-dump was interrupted in it");
	r = status_read(process->proc_fd, &process->status);
	if (r == 0)
		r = stat_read(process->proc_fd, &process->stat);
	if (r == 0)
		r = vma_list_read(process->proc_fd, VMA_DETAIL_SMAPS, &process->vmas);
	if (r < 0)
		return log_error_errno(r, "cannot read its state from /proc");
	if (process->threads[0].tracee.tid != process->pidref.pid) {
		blockers_add(&dump->blockers,
			     "its main thread has exited while others live, which cannot be dumped yet");
		return 0;
	}
	return check_children(dump, process);
}

int tree_freeze(struct dump *dump)
{
	struct process *process;
	int r = tracee_init();

	if (r < 0)
		return log_error_errno(r, "cannot prepare for tracing");
	r = add_process(dump, dump->options->root_pid);
	if (r < 0)
		return r;
	process = &dump->processes[0];

	LOG_SCOPE("pid %d", (int)process->pidref.pid);
	r = freeze_process(dump, process);
	if (r < 0)
		return r;
	dump->freeze_ns = monotonic_ns();
	return read_frozen(dump, process);
}

/* A process in a job-control stop enters it again by itself, but not at once; nobody is to see it run
 * meanwhile. */
static void wait_stopped(const struct process *process)
{
	const struct timespec pause = {.tv_nsec = 100000};

	for (size_t i = 0; i < process->threads_count; i++) {
		struct stat_info stat = {.state = 'R'};

		for (int k = 0; k < LOOK_ROUNDS_MAX && stat.state != 'T'; k++)
			if (stat_read(process->threads[i].proc_fd, &stat) < 0 || nanosleep(&pause, NULL) < 0)
				break;
	}
}

void tree_thaw(struct dump *dump)
{
	for (size_t i = 0; i < dump->processes_count; i++) {
		struct process *process = &dump->processes[i];

		for (size_t k = 0; k < process->threads_count; k++) {
			int r = tracee_detach(&process->threads[k].tracee);

			if (r < 0)
				log_error_errno(r, "cannot detach from thread %d",
						(int)process->threads[k].tracee.tid);
		}
		if (process->is_stopped)
			wait_stopped(process);
	}
}

/* A killed thread that is traced stays until its tracer has seen the end of it; the leader's comes last. */
static int reap(struct process *process)
{
	for (size_t i = process->threads_count; i > 0; i--) {
		struct tracee *tracee = &process->threads[i - 1].tracee;

		while (tracee->stop != TRACEE_GONE) {
			int r = tracee_wait(tracee, KILL_TIMEOUT_MS);

			if (r < 0 && r != -ESRCH)
				return log_error_errno(r, "thread %d was killed but does not die",
						       (int)tracee->tid);
		}
	}
	return 0;
}

int tree_kill(struct dump *dump)
{
	for (size_t i = 0; i < dump->processes_count; i++) {
		int r = pidref_send_signal(&dump->processes[i].pidref, SIGKILL);

		if (r < 0 && r != -ESRCH)
			return log_error_errno(r, "cannot kill pid %d", (int)dump->processes[i].pidref.pid);
	}
	for (size_t i = 0; i < dump->processes_count; i++) {
		int r = reap(&dump->processes[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

int tree_stop(struct dump *dump)
{
	for (size_t i = 0; i < dump->processes_count; i++) {
		int r = pidref_send_signal(&dump->processes[i].pidref, SIGSTOP);

		if (r < 0 && r != -ESRCH)
			return log_error_errno(r, "cannot stop pid %d", (int)dump->processes[i].pidref.pid);
	}
	return 0;
}

void tree_done(struct dump *dump)
{
	tree_thaw(dump);
	for (size_t i = 0; i < dump->processes_count; i++) {
		struct process *process = &dump->processes[i];

		for (size_t k = 0; k < process->threads_count; k++)
			close_fd(&process->threads[k].proc_fd);
		free(process->threads);
		pidref_done(&process->pidref);
		close_fd(&process->proc_fd);
		status_done(&process->status);
		vma_list_done(&process->vmas);
	}
	free(dump->processes);
	dump->processes = NULL;
	dump->processes_count = 0;
}
