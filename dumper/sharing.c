/* SPDX-License-Identifier: MIT */
/* What processes share with each other, found by kcmp(2). */
#include "dumper/sharing.h"

#include <errno.h>
#include <linux/kcmp.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"

static const struct {
	int type;
	const char *what;
} resources[SHARED_COUNT] = {
	[SHARED_MEMORY] = {KCMP_VM, "its memory (CLONE_VM)"},
	[SHARED_FILES] = {KCMP_FILES, "its table of descriptors (CLONE_FILES)"},
	[SHARED_FS] = {KCMP_FS, "its working directory, root and umask (CLONE_FS)"},
	[SHARED_HANDLERS] = {KCMP_SIGHAND, "its signal handlers (CLONE_SIGHAND)"},
};

/* kcmp(2) puts what is not the same into an order, so that sorting brings equals together. */
struct sorting {
	const struct dump *dump;
	int type;
	int error;
};

/* kcmp(2) of two processes: -1, 0, 1. */
static int compare_resource(struct sorting *sorting, size_t left, size_t right)
{
	const struct process *processes = sorting->dump->processes;
	long r = syscall(SYS_kcmp, processes[left].threads[0].tracee.tid,
			 processes[right].threads[0].tracee.tid, sorting->type, 0, 0);

	if (r < 0)
		sorting->error = -errno;
	return r == 0 ? 0 : r == 1 ? -1 : 1;
}

/* The first of those that are the same comes first. */
static int compare(const void *left, const void *right, void *data)
{
	size_t a = *(const size_t *)left, b = *(const size_t *)right;
	int order = compare_resource(data, a, b);

	return order != 0 ? order : (a > b) - (a < b);
}

static int find_owners(struct dump *dump, size_t *order, size_t count, enum shared_resource resource)
{
	struct sorting sorting = {.dump = dump, .type = resources[resource].type};

	qsort_r(order, count, sizeof(*order), compare, &sorting);
	for (size_t i = 0; i < count && sorting.error == 0; i++) {
		bool is_shared = i > 0 && compare_resource(&sorting, order[i - 1], order[i]) == 0;

		dump->processes[order[i]].owners[resource] =
			is_shared ? dump->processes[order[i - 1]].owners[resource] : order[i];
	}
	return sorting.error;
}

/* All that A shares with anybody before it, it shares with B. */
static bool has_part_in_all(const struct dump *dump, const struct process *a, const struct process *b)
{
	for (size_t i = 0; i < SHARED_COUNT; i++)
		if (!sharing_is_owner(dump, a, i) && a->owners[i] != b->owners[i])
			return false;
	return true;
}

static void check_maker(struct dump *dump, size_t index)
{
	const struct process *process = &dump->processes[index];

	for (size_t i = 0; i < index; i++) {
		const struct process *other = &dump->processes[i];
		bool is_parent = other->pidref.pid == process->stat.ppid;
		bool is_sibling =
			other->stat.ppid == process->stat.ppid && other->stat.sid == process->stat.sid;

		if ((is_parent || is_sibling) && !other->is_zombie && has_part_in_all(dump, process, other))
			return;
	}
	for (size_t i = 0; i < SHARED_COUNT; i++)
		if (!sharing_is_owner(dump, process, i))
			blockers_add(
				&dump->blockers,
				"shares %s with process %d, which is neither its parent nor a sibling in its "
				"session: that cannot be made again",
				resources[i].what, (int)dump->processes[process->owners[i]].pidref.pid);
}

static bool shares_anything(const struct dump *dump, const struct process *process)
{
	for (size_t i = 0; i < SHARED_COUNT; i++)
		if (!sharing_is_owner(dump, process, i))
			return true;
	return false;
}

int sharing_find(struct dump *dump)
{
	cleanup_free size_t *order = calloc(dump->processes_count, sizeof(*order));
	size_t count = 0;

	if (!order)
		return log_error_errno(-ENOMEM, "cannot compare the processes");
	for (size_t i = 0; i < dump->processes_count; i++) {
		for (size_t k = 0; k < SHARED_COUNT; k++)
			dump->processes[i].owners[k] = i;
		if (!dump->processes[i].is_zombie)
			order[count++] = i;
	}
	for (size_t i = 0; count > 1 && i < SHARED_COUNT; i++) {
		int r = find_owners(dump, order, count, i);

		if (r < 0)
			return log_error_errno(r, "cannot compare the processes (kcmp)");
	}
	for (size_t i = 0; i < dump->processes_count; i++) {
		const struct process *process = &dump->processes[i];

		LOG_SCOPE("pid %d (%s)", (int)process->pidref.pid, process->status.name);
		if (shares_anything(dump, process))
			check_maker(dump, i);
	}
	return 0;
}
