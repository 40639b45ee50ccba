/* SPDX-License-Identifier: MIT */
/* Whether the process and thread ids of a program are free, and who holds those that are not. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/log.h"
#include "common/printable.h"
#include "common/proc/cursor.h"
#include "common/proc/proc_dir.h"
#include "common/proc/stat.h"
#include "common/proc/status.h"
#include "common/vector.h"
#include "restorer/plan.h"
#include "restorer/preflight.h"

/* More than the two seconds after which some reapers (a container's init) look again. */
#define ZOMBIE_WAIT_MS 3000
#define ZOMBIE_POLL_MS 2

/* PF_EXITING of the kernel's include/linux/sched.h, as /proc/PID/stat shows it. */
#define KERNEL_FLAG_EXITING 0x4

/* A process that holds ids we need. */
struct holder {
	pid_t pid; /* 0: it could not be found */
	pid_t first_id;
	size_t ids_count;
	bool is_dying;
	bool is_group; /* it holds the id as that of its group or session */
};

struct holder_list {
	struct holder *holders;
	size_t holders_count;
	size_t holders_capacity;
	struct id_map by_pid; /* index in holders */
	pid_t dying_id;       /* the last id met whose holder is on its way out; 0: none */
	int probe_fd;
};

static void holder_list_done(struct holder_list *list)
{
	free(list->holders);
	id_map_done(&list->by_pid);
	close_fd(&list->probe_fd);
}

static void holder_list_clear(struct holder_list *list)
{
	list->holders_count = 0;
	list->dying_id = 0;
	id_map_done(&list->by_pid);
	list->by_pid = (struct id_map){0};
}

/*
 * Whether a process, thread, process group or session has this number: F_SETOWN_EX answers ESRCH if and only
 * if none has (fcntl(2)), whatever /proc shows and whoever asks.
 */
static bool id_is_taken(int probe_fd, pid_t id)
{
	struct f_owner_ex owner = {.type = F_OWNER_PGRP, .pid = id};

	return fcntl(probe_fd, F_SETOWN_EX, &owner) == 0 || errno != ESRCH;
}

/* The process whose group or session is ID; 0 if none can be seen. */
static int find_group_member(pid_t id, pid_t *ret_pid)
{
	cleanup_free int *pids = NULL;
	size_t count;
	int r = proc_list_numbers(AT_FDCWD, "/proc", &pids, &count);

	if (r < 0)
		return log_error_errno(r, "cannot read '/proc'");
	*ret_pid = 0;
	for (size_t i = 0; i < count; i++) {
		cleanup_close int proc_fd = -EBADF;
		struct stat_info stat;

		if (proc_open(pids[i], &proc_fd) < 0 || stat_read(proc_fd, &stat) < 0)
			continue;
		if (stat.pgid == id || stat.sid == id) {
			*ret_pid = pids[i];
			return 0;
		}
	}
	return 0;
}

/* Who holds ID, which is taken or was a moment ago. */
static int find_holder(pid_t id, struct holder *ret_holder)
{
	cleanup_(status_done) struct status status = {0};
	cleanup_close int proc_fd = -EBADF;
	struct stat_info stat;
	int r;

	*ret_holder = (struct holder){.first_id = id, .ids_count = 1};
	if (proc_open(id, &proc_fd) == 0 && status_read(proc_fd, &status) == 0 &&
	    stat_read(proc_fd, &stat) == 0) {
		ret_holder->pid = status.tgid;
		ret_holder->is_dying =
			stat.state == 'Z' || stat.state == 'X' || (stat.kernel_flags & KERNEL_FLAG_EXITING);
		return 0;
	}
	ret_holder->is_group = true;
	r = find_group_member(id, &ret_holder->pid);
	/* It may have ended in between, so it is worth another look. */
	ret_holder->is_dying = ret_holder->pid == 0;
	return r;
}

static int add_holder(struct holder_list *list, pid_t id)
{
	struct holder holder, *slot;
	uint64_t index;
	int r = find_holder(id, &holder);

	if (r < 0)
		return r;
	if (holder.is_dying)
		list->dying_id = id;
	if (holder.pid && id_map_get(&list->by_pid, (uint64_t)holder.pid, &index)) {
		list->holders[index].ids_count++;
		return 0;
	}
	slot = vector_append(list, holders);
	if (!slot || id_map_set(&list->by_pid, (uint64_t)holder.pid, list->holders_count - 1) < 0)
		return log_error_errno(-ENOMEM, "cannot check the process ids");
	*slot = holder;
	return 0;
}

static int check_id(struct holder_list *list, pid_t id)
{
	return id_is_taken(list->probe_fd, id) ? add_holder(list, id) : 0;
}

static int collect_holders(const struct restore *restore, struct holder_list *list)
{
	int r = 0;

	holder_list_clear(list);
	for (size_t i = 0; r == 0 && i < restore->tasks_count; i++) {
		const Cr__Process *process = restore->tasks[i].image;

		r = check_id(list, process->pid);
		for (size_t j = 1; r == 0 && j < process->n_threads; j++)
			r = check_id(list, process->threads[j]->tid);
	}
	for (size_t i = 0; r == 0 && i < restore->stand_ins_count; i++)
		r = check_id(list, restore->stand_ins[i].pid);
	return r;
}

/* "'comm' (pid 12)", or "" if it is gone or cannot be looked at. */
static const char *describe(pid_t pid, char *buffer, size_t size)
{
	cleanup_close int proc_fd = -EBADF;
	char comm[PROC_COMM_SIZE], text[128];

	if (proc_open(pid, &proc_fd) < 0 || proc_read_comm(proc_fd, comm) < 0)
		snprintf(buffer, size, "pid %d", pid);
	else
		snprintf(buffer, size, "'%s' (pid %d)", printable(comm, text, sizeof(text)), pid);
	return buffer;
}

static bool is_own_ancestor(pid_t pid)
{
	pid_t at = getppid();

	while (at > 0) {
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

/* What can be said of the holder beyond its name. */
static void explain_holder(const struct holder *holder, char *buffer, size_t size)
{
	cleanup_close int proc_fd = -EBADF;
	struct stat_info stat;
	char parent[192];

	buffer[0] = '\0';
	if (holder->pid == getpid())
		snprintf(buffer, size, ", which is cr-restore itself: start it again");
	else if (is_own_ancestor(holder->pid))
		snprintf(buffer, size, ", from which cr-restore was started: start it from elsewhere");
	else if (proc_open(holder->pid, &proc_fd) == 0 && stat_read(proc_fd, &stat) == 0 && holder->is_dying)
		snprintf(buffer, size,
			 ", still a zombie of its parent %s, which has not waited for it: end the parent",
			 describe(stat.ppid, parent, sizeof(parent)));
	else if (proc_fd >= 0 && stat.ppid > 0)
		snprintf(buffer, size, ", started by %s: end it, or wait for its end",
			 describe(stat.ppid, parent, sizeof(parent)));
}

static void report_holder(struct restore *restore, const struct holder *holder)
{
	char others[64] = "", name[192], explanation[320];

	if (holder->ids_count > 1)
		snprintf(others, sizeof(others), " (and %zu more ids of the program)", holder->ids_count - 1);
	if (!holder->pid) {
		blockers_add(&restore->blockers,
			     "pid %d is taken by something that cannot be seen here; "
			     "--new-pid-ns would have it free",
			     holder->first_id);
		return;
	}
	explain_holder(holder, explanation, sizeof(explanation));
	blockers_add(&restore->blockers, "pid %d%s is taken %s%s%s; or give --new-pid-ns", holder->first_id,
		     others,
		     holder->is_group                  ? "as the process group or session of "
		     : holder->pid != holder->first_id ? "by a thread of "
						       : "by ",
		     describe(holder->pid, name, sizeof(name)), explanation);
}

pid_t preflight_largest_id(const struct restore *restore)
{
	pid_t largest = 0;

	for (size_t i = 0; i < restore->tasks_count; i++) {
		largest = MAX(largest, restore->tasks[i].image->pid);
		for (size_t j = 0; j < restore->tasks[i].threads_count; j++)
			largest = MAX(largest, restore->tasks[i].threads[j].image->tid);
	}
	for (size_t i = 0; i < restore->stand_ins_count; i++)
		largest = MAX(largest, restore->stand_ins[i].pid);
	return largest;
}

void preflight_pid_max(struct restore *restore, int32_t pid_max)
{
	pid_t largest = preflight_largest_id(restore);

	if (pid_max <= largest)
		blockers_add(
			&restore->blockers,
			"process id %d is not possible here: kernel.pid_max is %d; set it to %d with sysctl",
			largest, pid_max, largest + 1);
}

static void check_pid_max(struct restore *restore)
{
	cleanup_free char *text = NULL;
	struct cursor cursor;
	int32_t pid_max;
	size_t size;

	if (file_read_at(AT_FDCWD, "/proc/sys/kernel/pid_max", 64, &text, &size) < 0)
		return;
	cursor = CURSOR(text, size);
	if (cursor_i32(&cursor, &pid_max) == 0)
		preflight_pid_max(restore, pid_max);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A round is one system call, however many ids there are, and whoever has to be looked for in /proc. */
static void wait_until_free(const struct holder_list *list, int64_t deadline_ms)
{
	const struct timespec pause = {.tv_nsec = ZOMBIE_POLL_MS * 1000000};

	while (now_ms() < deadline_ms && id_is_taken(list->probe_fd, list->dying_id))
		nanosleep(&pause, NULL);
}

int preflight_ids(struct restore *restore)
{
	cleanup_(holder_list_done) struct holder_list list = {.probe_fd = memfd_create("probe", MFD_CLOEXEC)};
	int64_t deadline_ms = now_ms() + ZOMBIE_WAIT_MS;
	int r;

	if (list.probe_fd < 0)
		return log_error_errno(-errno, "cannot check the process ids");
	check_pid_max(restore);
	r = collect_holders(restore, &list);
	while (r == 0 && list.dying_id != 0 && now_ms() < deadline_ms) {
		wait_until_free(&list, deadline_ms);
		r = collect_holders(restore, &list);
	}
	if (r < 0)
		return r;
	for (size_t i = 0; i < list.holders_count; i++)
		report_holder(restore, &list.holders[i]);
	return 0;
}
