/* SPDX-License-Identifier: MIT */
/* Threads in vfork(2). */
#include "dumper/vfork.h"

#include <errno.h>
#include <linux/kcmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/interrupt.h"
#include "common/log.h"
#include "common/proc/proc_dir.h"
#include "common/proc/sched.h"
#include "dumper/freeze.h"

/* Children of vfork(2) that are themselves in it. */
#define DEPTH_MAX 16
#define CHILDREN_SIZE_MAX (1 << 20)
/* Between two looks at who is to stop. */
#define LOOK_MS 10
/* A child that does not run at all for this part of --timeout, while nothing is frozen, is not waited for. */
#define IDLE_PART 5

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_SECOND INT64_C(1000000000)

static int64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

/* What a thread in vfork(2) waits for, and whether that gets anywhere. */
struct watch {
	pid_t child; /* who is to call execve(2): where one child waits for another, the last; 0: not found */
	uint64_t moves;   /* of it: grows whenever it runs */
	int64_t since_ns; /* these have been the same (CLOCK_MONOTONIC); 0: not looked at yet */
};

/* The wait is a function of its own, or a part of that which makes the task; nothing else in it sleeps so. */
bool vfork_is_awaited(int proc_fd)
{
	static const char *const channels[] = {"vfork", "kernel_clone", "_do_fork"};
	cleanup_free char *channel = NULL;
	struct stat_info stat;

	if (stat_read(proc_fd, &stat) < 0 || stat.state != 'D' ||
	    file_read_at(proc_fd, "wchan", 64, &channel, NULL) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(channels); i++)
		if (strstr(channel, channels[i]))
			return true;
	return false;
}

static bool has_memory_of(pid_t pid, pid_t tid)
{
	return syscall(SYS_kcmp, pid, tid, KCMP_VM, 0, 0) == 0;
}

/*
 * The child that thread TID waits for: the one that has its memory; or else the youngest that lives, for
 * since then the thread has made none. 0 if there is none: it may be a sibling (CLONE_PARENT).
 */
static pid_t find_child(int proc_fd, pid_t tid)
{
	cleanup_free char *children = NULL;
	uint64_t youngest_ticks = 0;
	pid_t youngest = 0;

	if (file_read_at(proc_fd, "children", CHILDREN_SIZE_MAX, &children, NULL) < 0)
		return 0;
	for (char *rest = NULL, *word = strtok_r(children, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest)) {
		cleanup_close int child_fd = -EBADF;
		pid_t pid = (pid_t)atoi(word);
		struct stat_info stat;

		if (proc_open(pid, &child_fd) < 0 || stat_read(child_fd, &stat) < 0 || stat.state == 'Z' ||
		    stat.state == 'X')
			continue;
		if (has_memory_of(pid, tid))
			return pid;
		if (stat.start_ticks >= youngest_ticks) {
			youngest_ticks = stat.start_ticks;
			youngest = pid;
		}
	}
	return youngest;
}

/* Grows whenever the process runs, or would if it had a processor. */
static uint64_t count_moves(int proc_fd, uint64_t before)
{
	struct sched_info sched = {0};
	struct stat_info stat;

	if (stat_read(proc_fd, &stat) < 0)
		return before;
	if (stat.state == 'R')
		return before + 1;
	if (sched_read(proc_fd, &sched) < 0)
		return stat.user_ticks + stat.system_ticks + stat.minor_faults + stat.major_faults;
	return sched.voluntary_switches + sched.involuntary_switches;
}

/* The main thread of the child that the thread of PROC_FD waits for; -ESRCH if it is not found. */
static int open_child(int proc_fd, pid_t *ret_pid, int *ret_fd)
{
	cleanup_close int child_fd = -EBADF;
	struct stat_info stat;
	pid_t child;
	int r = stat_read(proc_fd, &stat);

	if (r < 0)
		return r;
	child = find_child(proc_fd, stat.pid);
	r = proc_open(child, &child_fd);
	if (r == 0)
		r = proc_open_thread(child_fd, child, ret_fd);
	if (r == 0)
		*ret_pid = child;
	return r;
}

static void watch_look(struct watch *watch, int proc_fd)
{
	struct watch now = {.moves = 0};
	cleanup_close int child_fd = -EBADF;

	for (int depth = 0; depth < DEPTH_MAX && (depth == 0 || vfork_is_awaited(child_fd)); depth++) {
		int next_fd = -EBADF;

		if (open_child(depth == 0 ? proc_fd : child_fd, &now.child, &next_fd) < 0)
			break;
		close_fd(&child_fd);
		child_fd = next_fd;
	}
	if (child_fd >= 0)
		now.moves = count_moves(child_fd, watch->moves);
	now.since_ns = monotonic_ns();
	if (watch->since_ns == 0 || now.child != watch->child || now.moves != watch->moves)
		*watch = now;
}

static void refuse(struct dump *dump, const struct thread *thread, const struct watch *watch, bool is_idle)
{
	char own_comm[PROC_COMM_SIZE], comm[PROC_COMM_SIZE];

	freeze_comm(thread->tracee.tgid, own_comm);
	freeze_comm(watch->child, comm);
	LOG_SCOPE("pid %d (%s)", (int)thread->tracee.tgid, own_comm);
	if (watch->child == 0)
		blockers_add(
			&dump->blockers,
			"thread %d does not stop: it waits in vfork(2) for a child that has neither ended "
			"nor called execve(2) within %u s; try again later, or give a longer --timeout",
			(int)thread->tracee.tid, dump->options->timeout_seconds);
	else
		blockers_add(
			&dump->blockers,
			"thread %d does not stop: it waits in vfork(2) for pid %d (%s), which has neither "
			"ended nor called execve(2)%s; try again later, give a longer --timeout, or end "
			"pid %d",
			(int)thread->tracee.tid, (int)watch->child, comm, is_idle ? ", and only sleeps" : "",
			(int)watch->child);
}

/* What THREAD made when it was seized already, and nobody has met yet. */
static int let_child_go_on(struct thread *thread)
{
	struct tracee child = {.tid = thread->tracee.new_tid};
	int r;

	if (child.tid == 0)
		return 0;
	thread->tracee.new_tid = 0;
	r = tracee_wait_frozen(&child, TRACEE_TIMEOUT_MS);
	return r < 0 ? r : tracee_detach(&child);
}

/* What has stopped goes on; what is about to stop will go on then, but for what is in vfork(2). */
static int let_go_on(struct process *process)
{
	for (size_t i = 0; i < process->threads_count; i++) {
		struct thread *thread = &process->threads[i];
		int r = 0;

		if (thread->is_in_vfork)
			continue;
		if (thread->tracee.stop == TRACEE_RUNNING)
			r = freeze_look(thread);
		if (r == 0)
			r = let_child_go_on(thread);
		if (r == 0 || r == -ESRCH)
			r = tracee_detach(&thread->tracee);
		if (r < 0 && r != -ETIMEDOUT && r != -ESRCH)
			return log_error_errno(r, "cannot let thread %d go on", (int)thread->tracee.tid);
	}
	return 0;
}

static int let_all_go_on(struct dump *dump)
{
	for (size_t i = 0; i < dump->processes_count; i++) {
		int r = let_go_on(&dump->processes[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Those in vfork(2), of which one has been seen to be; returns that. */
static struct thread *mark_in_vfork(struct dump *dump)
{
	struct thread *waiting = NULL;

	for (size_t i = 0; i < dump->processes_count; i++)
		for (size_t k = 0; k < dump->processes[i].threads_count; k++) {
			struct thread *thread = &dump->processes[i].threads[k];
			bool is_it = thread->tracee.tid == dump->vfork_tid;

			thread->is_in_vfork = thread->tracee.stop == TRACEE_RUNNING &&
					      (is_it || vfork_is_awaited(thread->proc_fd));
			if (is_it)
				waiting = thread;
		}
	return waiting;
}

/* The others may be what the child of WAITING waits for. */
static void unmark_others(struct dump *dump, const struct thread *waiting)
{
	for (size_t i = 0; i < dump->processes_count; i++)
		for (size_t k = 0; k < dump->processes[i].threads_count; k++)
			if (&dump->processes[i].threads[k] != waiting)
				dump->processes[i].threads[k].is_in_vfork = false;
}

/* They stay with us. */
static void keep_in_vfork(struct dump *dump)
{
	for (size_t i = 0; i < dump->processes_count; i++)
		for (size_t k = 0; k < dump->processes[i].threads_count; k++)
			if (dump->processes[i].threads[k].is_in_vfork)
				dump->processes[i].threads[k].tracee.stop = TRACEE_GONE;
}

int vfork_wait_out(struct dump *dump)
{
	const int64_t idle_ns_max = dump->options->timeout_seconds * NS_PER_SECOND / IDLE_PART;
	const struct timespec pause = {.tv_nsec = LOOK_MS * NS_PER_MS};
	const struct thread *waiting = mark_in_vfork(dump);
	int64_t patience_end_ns = monotonic_ns() + dump->vfork_patience_ms * NS_PER_MS;
	struct watch watch = {0};
	int r;

	log_debug("thread %d is in vfork(2) for long: others go on meanwhile", (int)dump->vfork_tid);
	for (r = let_all_go_on(dump); r == 0 && waiting && !tracee_has_stopped(&waiting->tracee);
	     r = let_all_go_on(dump)) {
		int64_t now_ns = monotonic_ns();
		bool is_idle;

		watch_look(&watch, waiting->proc_fd);
		is_idle = now_ns - watch.since_ns > idle_ns_max;
		if (is_idle || now_ns >= dump->freeze_end_ns) {
			refuse(dump, waiting, &watch, is_idle);
			return -ECANCELED;
		}
		if (interrupted())
			return -EINTR;
		if (now_ns >= patience_end_ns)
			unmark_others(dump, waiting);
		nanosleep(&pause, NULL);
	}
	keep_in_vfork(dump);
	return r;
}
