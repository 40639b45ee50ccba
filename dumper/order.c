/* SPDX-License-Identifier: MIT */
/* The order of the processes in the archive. */
#include "dumper/order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/id_map.h"
#include "common/log.h"
#include "common/tree_plan.h"
#include "dumper/sessions.h"
#include "dumper/sharing.h"
#include "dumper/tree.h"

/* What is planned in its own order is planned the same again, but if those that share something have changed
 * places. */
#define ROUNDS_MAX 16

/* Puts them into the order of indexes ORDER, and the owners with them. */
static int permute(struct dump *dump, const size_t *order)
{
	size_t count = dump->processes_count;
	struct process *sorted = calloc(dump->processes_capacity, sizeof(*sorted));

	if (!sorted)
		return log_error_errno(-ENOMEM, "cannot put the processes in order");
	for (size_t i = 0; i < count; i++)
		sorted[i] = dump->processes[order[i]];
	free(dump->processes);
	dump->processes = sorted;
	return sharing_renumber(dump);
}

/* Parents before children, otherwise as they were found. */
static int put_parents_first(struct dump *dump)
{
	size_t count = dump->processes_count, placed = 0;
	cleanup_free size_t *first = calloc(count, sizeof(*first));
	cleanup_free size_t *next = calloc(count, sizeof(*next));
	cleanup_free size_t *order = calloc(count, sizeof(*order));
	cleanup_(id_map_done) struct id_map by_pid = {0};
	int r = first && next && order ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = id_map_set(&by_pid, (uint64_t)dump->processes[i].pidref.pid, i);
	if (r < 0)
		return log_error_errno(r, "cannot put the processes in order");
	for (size_t i = count; i-- > 1;) {
		uint64_t parent;

		if (!id_map_get(&by_pid, (uint64_t)dump->processes[i].stat.ppid, &parent))
			return log_error_errno(-EAGAIN, "a process changed its parent while the tree was "
							"being frozen: try again");
		next[i] = first[parent];
		first[parent] = i;
	}
	order[placed++] = 0;
	for (size_t at = 0; at < placed; at++)
		for (size_t child = first[order[at]]; child != 0; child = next[child])
			order[placed++] = child;
	if (placed < count)
		return log_error_errno(-EAGAIN, "processes changed their parents while the tree was being "
						"frozen: try again");
	return permute(dump, order);
}

static void fill_node(const struct dump *dump, size_t index, struct tree_node *node)
{
	const struct process *process = &dump->processes[index];

	*node = (struct tree_node){
		.pid = process->pidref.pid,
		.ppid = process->stat.ppid,
		.pgid = process->stat.pgid,
		.sid = process->stat.sid,
		.parent_tid = process->parent_tid ?: process->stat.ppid,
		.exit_signal = process->stat.exit_signal,
	};
	for (size_t i = 0; i < TREE_SHARED_KINDS; i++)
		node->owners[i] = process->owners[i];
}

static int make_plan(const struct dump *dump, struct tree_plan *ret_plan)
{
	cleanup_free struct tree_node *nodes = calloc(dump->processes_count, sizeof(*nodes));
	int r = nodes ? 0 : -ENOMEM;

	for (size_t i = 0; nodes && i < dump->processes_count; i++)
		fill_node(dump, i, &nodes[i]);
	if (r == 0)
		r = tree_plan_make(ret_plan, nodes, dump->processes_count, dump->options->is_shell_job);
	return r < 0 ? log_error_errno(r, "cannot plan how its processes are made again") : 0;
}

/* Whether they are in the order in which PLAN makes them; else that order is in ORDER. */
static bool is_in_order(const struct dump *dump, const struct tree_plan *plan, size_t *order)
{
	bool is_same = true;
	size_t at = 0;

	for (size_t i = 0; i < plan->making_count; i++) {
		const struct tree_step *step = &plan->steps[i];

		if (step->kind == TREE_LEAD_SESSION || step->who >= dump->processes_count)
			continue;
		is_same = is_same && step->who == at;
		order[at++] = step->who;
	}
	return is_same;
}

static void report(struct dump *dump, const struct tree_plan *plan)
{
	for (size_t i = 0; i < plan->refusals_count; i++) {
		const struct process *process = &dump->processes[plan->refusals[i].node];
		char text[TREE_REFUSAL_SIZE];

		LOG_SCOPE("pid %d (%s)", (int)process->pidref.pid, process->status.name);
		blockers_add(&dump->blockers, "%s", tree_refusal_text(&plan->refusals[i], text));
	}
}

static int sort_by_plan(struct dump *dump, size_t *order)
{
	for (int round = 0; round < ROUNDS_MAX; round++) {
		cleanup_(tree_plan_done) struct tree_plan plan = {0};
		int r = make_plan(dump, &plan);

		if (r < 0)
			return r;
		report(dump, &plan);
		if (plan.refusals_count > 0 || is_in_order(dump, &plan, order))
			return 0;
		r = permute(dump, order);
		if (r < 0)
			return r;
	}
	blockers_add(&dump->blockers, "no order was found in which its processes could be made again, with "
				      "what they share by clone(2)");
	return 0;
}

static int note_ids(struct dump *dump)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < dump->processes_count; i++) {
		const struct process *process = &dump->processes[i];

		r = id_map_set(&dump->processes_by_tid, (uint64_t)process->pidref.pid, i);
		for (size_t k = 0; r == 0 && k < process->threads_count; k++)
			r = id_map_set(&dump->processes_by_tid, (uint64_t)process->threads[k].tracee.tid, i);
	}
	return r < 0 ? log_error_errno(r, "cannot note the ids of the threads") : 0;
}

static void count_children(struct dump *dump)
{
	for (size_t i = 1; i < dump->processes_count; i++) {
		struct process *parent = tree_find_process(dump, dump->processes[i].stat.ppid);

		if (parent && !dump->processes[i].is_zombie)
			parent->children_count++;
	}
}

int order_processes(struct dump *dump)
{
	cleanup_free size_t *order = calloc(dump->processes_count, sizeof(*order));
	bool has_outsiders = false;
	int r = order ? sharing_find(dump) : log_error_errno(-ENOMEM, "cannot put the processes in order");

	if (r == 0)
		r = put_parents_first(dump);
	if (r == 0)
		r = sessions_check(dump, &has_outsiders);
	/* What is led from outside is no part of any plan. */
	if (r == 0 && !has_outsiders)
		r = sort_by_plan(dump, order);
	if (r == 0)
		r = note_ids(dump);
	if (r == 0)
		count_children(dump);
	return r;
}
