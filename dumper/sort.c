/* SPDX-License-Identifier: MIT */
/*
 * The order of the processes in the archive, which is that in which cr-restore makes them.
 *
 * Parents come before children. Besides, a process gets its session from the one that makes it, as that has
 * it at the moment (setsid(2)): so the leader of a session comes before its members, and what its leader had
 * made before it became one comes before both the other children of the leader and the session's other
 * members.
 */
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/id_map.h"
#include "common/log.h"
#include "dumper/tree.h"

struct sorting {
	const struct dump *dump;
	struct id_map by_pid;  /* index in dump->processes */
	size_t *first_child;   /* index + 1 of the first child, by index of the parent; 0: none */
	size_t *next_sibling;  /* the same of the next */
	unsigned char *states; /* by index */
	size_t *order;         /* what was placed */
	size_t count;
};

enum { UNSEEN, BEING_PLACED, PLACED };

static void sorting_done(struct sorting *sorting)
{
	id_map_done(&sorting->by_pid);
	free(sorting->first_child);
	free(sorting->next_sibling);
	free(sorting->states);
	free(sorting->order);
}

static int sorting_init(struct sorting *sorting, const struct dump *dump)
{
	size_t count = dump->processes_count;

	sorting->dump = dump;
	sorting->first_child = calloc(count, sizeof(size_t));
	sorting->next_sibling = calloc(count, sizeof(size_t));
	sorting->states = calloc(count, 1);
	sorting->order = calloc(count, sizeof(size_t));
	if (!sorting->first_child || !sorting->next_sibling || !sorting->states || !sorting->order)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		int r = id_map_set(&sorting->by_pid, (uint64_t)dump->processes[i].pidref.pid, i);

		if (r < 0)
			return r;
	}
	for (size_t i = count; i-- > 1;) {
		uint64_t parent;

		if (!id_map_get(&sorting->by_pid, (uint64_t)dump->processes[i].stat.ppid, &parent))
			return -ESRCH;
		sorting->next_sibling[i] = sorting->first_child[parent];
		sorting->first_child[parent] = i + 1;
	}
	return 0;
}

static bool leads_session(const struct process *process)
{
	return process->stat.sid == process->pidref.pid;
}

static void place(struct sorting *sorting, size_t index);

/* Those that the leader of a session had made before it became one, and that are in an older session. */
static void place_older_children(struct sorting *sorting, size_t index)
{
	const struct process *processes = sorting->dump->processes;

	for (size_t child = sorting->first_child[index]; child != 0;
	     child = sorting->next_sibling[child - 1]) {
		const struct process *process = &processes[child - 1];

		if (!leads_session(process) && process->stat.sid != processes[index].pidref.pid)
			place(sorting, child - 1);
	}
}

static void place_by_pid(struct sorting *sorting, pid_t pid)
{
	uint64_t index;

	if (id_map_get(&sorting->by_pid, (uint64_t)pid, &index))
		place(sorting, index);
}

/* The depth of the recursion is that of the tree, or of a chain of sessions: both are made by hand. */
static void place(struct sorting *sorting, size_t index)
{
	const struct process *process = &sorting->dump->processes[index];

	if (sorting->states[index] != UNSEEN)
		return;
	sorting->states[index] = BEING_PLACED;
	if (index > 0)
		place_by_pid(sorting, process->stat.ppid);
	place_by_pid(sorting, process->stat.sid);
	sorting->states[index] = PLACED;
	sorting->order[sorting->count++] = index;
	if (leads_session(process))
		place_older_children(sorting, index);
}

int tree_sort(struct dump *dump)
{
	cleanup_(sorting_done) struct sorting sorting = {0};
	struct process *sorted;
	int r = sorting_init(&sorting, dump);

	if (r == -ESRCH)
		return log_error_errno(-EAGAIN,
				       "a process changed its parent while the tree was being frozen: "
				       "try again");
	sorted = r == 0 ? calloc(dump->processes_capacity, sizeof(*sorted)) : NULL;
	if (!sorted)
		return log_error_errno(-ENOMEM, "cannot put the processes in order");
	for (size_t i = 0; i < dump->processes_count; i++)
		place(&sorting, i);
	for (size_t i = 0; i < sorting.count; i++)
		sorted[i] = dump->processes[sorting.order[i]];
	free(dump->processes);
	dump->processes = sorted;
	return 0;
}
