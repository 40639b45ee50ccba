/* SPDX-License-Identifier: MIT */
/* Finds and freezes the tasks of the tree, and lets them go. */
#include "dumper/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/id_map.h"
#include "common/interrupt.h"
#include "common/log.h"
#include "common/proc/proc_dir.h"
#include "common/vector.h"
#include "dumper/dead_leader.h"
#include "dumper/cgroups.h"
#include "dumper/freeze.h"
#include "dumper/task/thread_status.h"
#include "dumper/vfork.h"
#include "format/layout.h"

/* Rounds of looking for new processes, however long they take. Each finds fewer, unless processes are made
 * faster than they can be seized; then it goes on as long as a thread may take to stop. */
#define TREE_ROUNDS_MIN 256
#define CHILDREN_SIZE_MAX (1 << 20)
/* Looks, a tenth of a millisecond apart, at a process that stops. */
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

static void check_status(struct dump *dump, const struct status *status)
{
	pid_t pid = dump->options->root_pid;
	bool has_ended = status->state == 'Z' || status->state == 'X'; /* the main thread, that is */

	LOG_SCOPE("pid %d (%s)", (int)pid, status->name);
	if (status->tgid != pid)
		blockers_add(&dump->blockers, "is a thread of process %d, not a process: give -t %d",
			     status->tgid, status->tgid);
	else if (status->is_kernel_thread || (!status->has_memory && !has_ended))
		blockers_add(&dump->blockers,
			     "is a kernel thread, which belongs to this kernel and cannot be dumped");
	else if (has_ended && status->threads_count <= 1)
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

		freeze_comm(status->tracer_pid, comm);
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

static int add_process(struct dump *dump, pid_t pid)
{
	struct process process = {.proc_fd = -EBADF, .pidref = PIDREF_NULL}, *slot = NULL;
	int r = pidref_open(pid, &process.pidref);

	if (r == 0)
		r = proc_open(pid, &process.proc_fd);
	if (r == 0) {
		slot = vector_append(dump, processes);
		r = slot ? 0 : -ENOMEM;
	}
	if (r < 0) {
		pidref_done(&process.pidref);
		return r;
	}
	*slot = process;
	return 0;
}

static bool is_dead(const struct stat_info *stat)
{
	return stat->state == 'Z' || stat->state == 'X';
}

static void process_done(struct process *process)
{
	for (size_t k = 0; k < process->threads_count; k++) {
		thread_status_done(&process->threads[k]);
		close_fd(&process->threads[k].proc_fd);
	}
	free(process->threads);
	pidref_done(&process->pidref);
	close_fd(&process->proc_fd);
	status_done(&process->status);
	vma_list_done(&process->vmas);
}

/* What has no thread left is a zombie, or gone for good: then it is forgotten. There may be many of them,
 * which keep no more descriptors than they need. */
static int note_end(struct dump *dump, size_t index)
{
	struct process *process = &dump->processes[index];
	int r = stat_read(process->proc_fd, &process->stat);

	if (index == 0)
		return log_error_errno(-ESRCH, "it exited while it was being frozen");
	process->is_zombie = r == 0 && is_dead(&process->stat);
	process->is_gone = !process->is_zombie;
	close_fd(&process->pidref.fd);
	if (process->is_gone)
		close_fd(&process->proc_fd);
	return 0;
}

/* The processes of the tree by id, and how far the search for more has got. */
struct tree_search {
	struct id_map known; /* pid -> index in dump->processes + 1 */
	size_t looked_count; /* processes whose children were listed since the last change, when a process was
				found, or stopped, or had ended: whatever was on its way by then is among them
			      */
};

static void tree_search_done(struct tree_search *search)
{
	id_map_done(&search->known);
}

/* The id of one that is gone may come again. */
static struct process *find_known(const struct dump *dump, const struct tree_search *search, pid_t pid)
{
	uint64_t known;

	if (!id_map_get(&search->known, (uint64_t)pid, &known) || dump->processes[known - 1].is_gone)
		return NULL;
	return &dump->processes[known - 1];
}

/* With all its threads. */
static bool has_ended(const struct process *process)
{
	struct stat_info stat;

	return stat_read(process->proc_fd, &stat) < 0 || (is_dead(&stat) && stat.threads_count <= 1);
}

/* PARENT_TID: 0 for the main thread. Where a thread ends, its children become those of another: the last look
 * tells. */
static int take_child(struct dump *dump, struct tree_search *search, pid_t pid, bool is_caught,
		      pid_t parent_tid)
{
	struct process *known = find_known(dump, search, pid);
	int r;

	if (known) {
		known->parent_tid = parent_tid;
		return 0;
	}
	if (dump->processes_count == LAYOUT_PROCESSES_MAX)
		return log_error_errno(-E2BIG, "has more than %u processes below it", LAYOUT_PROCESSES_MAX);
	r = add_process(dump, pid);
	if (r == -ESRCH || r == -ENOENT)
		return 0;
	if (r == 0)
		r = id_map_set(&search->known, (uint64_t)pid, dump->processes_count);
	if (r < 0)
		return log_error_errno(r, "cannot open its child, pid %d", (int)pid);
	dump->processes[dump->processes_count - 1].parent_tid = parent_tid;
	search->looked_count = 0;
	if (is_caught)
		freeze_begin(&dump->processes[dump->processes_count - 1]);
	else if (has_ended(&dump->processes[dump->processes_count - 1]))
		return note_end(dump, dump->processes_count - 1);
	return 0;
}

/* Turns the processes from number FIRST on around. */
static int reverse_from(struct dump *dump, struct tree_search *search, size_t first)
{
	size_t count = dump->processes_count;
	int r = 0;

	for (size_t i = first, k = count; i + 1 < k; i++) {
		struct process other = dump->processes[--k];

		dump->processes[k] = dump->processes[i];
		dump->processes[i] = other;
	}
	for (size_t i = first; r == 0 && i < count; i++)
		r = id_map_set(&search->known, (uint64_t)dump->processes[i].pidref.pid, i + 1);
	return r;
}

/* The next number in TEXT from its end; 0 if there is none before *AT. */
static pid_t previous_pid(const char *text, size_t *at)
{
	while (*at > 0) {
		(*at)--;
		if (text[*at] != ' ' && (*at == 0 || text[*at - 1] == ' '))
			return (pid_t)atoi(text + *at);
	}
	return 0;
}

/* Catches what is new in TEXT; whether something was, and whether that has MISSED some. In CAUGHT: pid ->
 * whether it was caught. */
static int catch_listed(const struct dump *dump, const struct tree_search *search, const char *text,
			size_t size, struct id_map *caught, bool *missed)
{
	bool is_any_new = false;
	uint64_t unused;
	pid_t pid;

	while ((pid = previous_pid(text, &size)) > 0) {
		bool is_caught;
		int r;

		if (find_known(dump, search, pid) || id_map_get(caught, (uint64_t)pid, &unused))
			continue;
		is_caught = freeze_catch(pid);
		r = id_map_set(caught, (uint64_t)pid, is_caught);
		if (r < 0)
			return r;
		*missed = *missed || !is_caught;
		is_any_new = true;
	}
	return is_any_new;
}

/*
 * The newest first: where each process makes the next one and ends, only the newest lives, and not for long;
 * those before it can wait. But they stand in the order in which they were made.
 */
static int take_listed(struct dump *dump, struct tree_search *search, const char *text, size_t size,
		       const struct id_map *caught, pid_t parent_tid)
{
	size_t first = dump->processes_count;
	pid_t pid;

	while ((pid = previous_pid(text, &size)) > 0) {
		uint64_t is_caught = 0;
		int r;

		id_map_get(caught, (uint64_t)pid, &is_caught);
		r = take_child(dump, search, pid, is_caught, parent_tid);
		if (r < 0)
			return r;
	}
	return reverse_from(dump, search, first);
}

/*
 * The children of one thread. Where one has ended before it was caught, there may be another by now, that it
 * has made: then the list is read again before anything else is done.
 */
static int take_children_of(struct dump *dump, struct tree_search *search, const struct thread *thread,
			    pid_t parent_tid)
{
	cleanup_(id_map_done) struct id_map caught = {0};
	cleanup_free char *children = NULL;
	bool missed = false;
	size_t size;
	int r;

	do {
		free(take_ptr(children));
		r = file_read_at(thread->proc_fd, "children", CHILDREN_SIZE_MAX, &children, &size);
		if (r < 0)
			return log_error_errno(r, "cannot list the children of thread %d",
					       (int)thread->tracee.tid);
		r = catch_listed(dump, search, children, size, &caught, &missed);
		if (r < 0)
			return log_error_errno(r, "cannot note its children");
	} while (missed && r > 0 && monotonic_ns() < dump->freeze_end_ns);
	return take_listed(dump, search, children, size, &caught, parent_tid);
}

/* /proc/PID/task/TID/children, proc_pid_task(5); complete because the thread is stopped, as are its children
 * or will be. */
static int take_children(struct dump *dump, struct tree_search *search, size_t index)
{
	for (size_t i = 0; i < dump->processes[index].threads_count; i++) {
		const struct thread *thread = &dump->processes[index].threads[i];
		pid_t tid = thread->tracee.tid;
		int r = take_children_of(dump, search, thread,
					 tid == dump->processes[index].pidref.pid ? 0 : tid);

		if (r < 0)
			return r;
	}
	return 0;
}

static int freeze_one(struct dump *dump, struct tree_search *search, size_t index)
{
	pid_t pid = dump->processes[index].pidref.pid;
	size_t known = freeze_count_stopped(&dump->processes[index]);
	int r;

	if (dump->processes[index].is_zombie || dump->processes[index].is_gone)
		return 0;
	LOG_SCOPE("pid %d", (int)pid);
	if (pid == getpid()) {
		blockers_add(&dump->blockers,
			     "is cr-dump itself, which cannot freeze itself: start it outside of the tree");
		return -ECANCELED;
	}
	r = dump->processes[index].is_refused ? 0 : freeze_process(dump, &dump->processes[index]);
	if (r < 0)
		return r;
	if (dump->processes[index].threads_count != known)
		search->looked_count = 0;
	if (dump->processes[index].threads_count == 0 && !dump->processes[index].is_refused) {
		search->looked_count = 0;
		return note_end(dump, index);
	}
	return take_children(dump, search, index);
}

/*
 * Parents first, again until all have been looked at since the last change: a child may be made as a sibling
 * (CLONE_PARENT), or come in as the orphan of one that has just ended (PR_SET_CHILD_SUBREAPER).
 */
static int freeze_all(struct dump *dump, struct tree_search *search)
{
	for (int round = 0; round < TREE_ROUNDS_MIN || monotonic_ns() < dump->freeze_end_ns; round++)
		for (size_t i = 0; i < dump->processes_count; i++) {
			int r = interrupted() ? -EINTR : freeze_one(dump, search, i);

			if (r < 0)
				return r;
			if (++search->looked_count == dump->processes_count)
				return 0;
		}
	blockers_add(&dump->blockers, "its tree makes processes faster than they can be stopped");
	return -ECANCELED;
}

static void drop_gone(struct dump *dump)
{
	size_t kept = 0;

	for (size_t i = 0; i < dump->processes_count; i++) {
		if (dump->processes[i].is_gone)
			process_done(&dump->processes[i]);
		else
			dump->processes[kept++] = dump->processes[i];
	}
	dump->processes_count = kept;
}

static int read_frozen(struct process *process)
{
	int r = 0;

	if (!process->is_zombie) {
		r = dead_leader_replace(process);
		if (r < 0)
			return r;
		r = freeze_join_stop(process);
		if (r < 0)
			return log_error_errno(r, "cannot see whether it is stopped");
		process->is_stopped = process->threads[0].tracee.stop == TRACEE_STOP_GROUP;
		r = freeze_settle(process);
	}
	if (r < 0)
		return log_error_errno(r, "cannot see whether another cr-dump was interrupted in it");
	r = status_read(process->proc_fd, &process->status);
	if (r == 0)
		r = stat_read(process->proc_fd, &process->stat);
	if (r == 0 && !process->is_zombie)
		r = vma_list_read(process->proc_fd, VMA_DETAIL_SMAPS, &process->vmas);
	if (r < 0)
		return log_error_errno(r, "cannot read its state from /proc");
	if (process->has_dead_leader)
		process->stat.exit_signal = process->leader_stat.exit_signal;
	return 0;
}

/* Threads in a frozen cgroup v2 stop for us, but would not run anything. */
static int note_cgroups(struct dump *dump)
{
	for (size_t i = 0; i < dump->processes_count; i++) {
		struct process *process = &dump->processes[i];

		LOG_SCOPE("pid %d", (int)process->pidref.pid);
		for (size_t k = 0; k < process->threads_count; k++) {
			struct thread *thread = &process->threads[k];
			int r = cgroups_note(dump, thread->proc_fd, &thread->cgroup_set);

			if (r < 0)
				return r;
		}
	}
	return blockers_any(&dump->blockers) ? -ECANCELED : 0;
}

static int add_root(struct dump *dump, struct tree_search *search)
{
	pid_t root = dump->options->root_pid;
	int r = add_process(dump, root);

	if (r == 0)
		r = id_map_set(&search->known, (uint64_t)root, dump->processes_count);
	return r < 0 ? log_error_errno(r, "cannot open process %d", (int)root) : 0;
}

/* Anew, as long as the child of a vfork(2) needs what is frozen. */
static int freeze_from_root(struct dump *dump)
{
	dump->freeze_end_ns = monotonic_ns() + dump->options->timeout_seconds * INT64_C(1000000000);
	dump->vfork_patience_ms = VFORK_PATIENCE_MS;
	for (;; dump->vfork_patience_ms *= 2) {
		cleanup_(tree_search_done) struct tree_search search = {0};
		size_t refused = dump->blockers.texts_count;
		int r = add_root(dump, &search);

		if (r == 0)
			r = freeze_all(dump, &search);
		if (r != -EAGAIN)
			return r;
		blockers_truncate(&dump->blockers, refused);
		r = vfork_wait_out(dump);
		if (r < 0)
			return r;
		tree_done(dump);
	}
}

static int freeze_and_read(struct dump *dump)
{
	int r = freeze_from_root(dump);

	if (r == 0 && blockers_any(&dump->blockers))
		r = -ECANCELED;
	if (r < 0)
		return r;
	dump->freeze_ns = monotonic_ns();
	drop_gone(dump);
	r = note_cgroups(dump);
	if (r < 0)
		return r;
	for (size_t i = 0; i < dump->processes_count; i++) {
		LOG_SCOPE("pid %d", (int)dump->processes[i].pidref.pid);
		r = read_frozen(&dump->processes[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

int tree_freeze(struct dump *dump)
{
	int r = tracee_init();

	return r < 0 ? log_error_errno(r, "cannot prepare for tracing") : freeze_and_read(dump);
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

void tree_done(struct dump *dump)
{
	tree_thaw(dump);
	for (size_t i = 0; i < dump->processes_count; i++)
		process_done(&dump->processes[i]);
	free(dump->processes);
	dump->processes = NULL;
	dump->processes_count = dump->processes_capacity = 0;
}

struct process *tree_find_process(const struct dump *dump, pid_t tid)
{
	uint64_t index;

	return id_map_get(&dump->processes_by_tid, (uint64_t)tid, &index) ? &dump->processes[index] : NULL;
}

bool tree_has_process(const struct dump *dump, pid_t pid)
{
	const struct process *process = tree_find_process(dump, pid);

	return process && process->pidref.pid == pid;
}

bool tree_has_thread(const struct dump *dump, pid_t tid)
{
	return tree_find_process(dump, tid);
}
