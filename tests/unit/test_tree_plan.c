/* SPDX-License-Identifier: MIT */
/*
 * Plans for trees of processes: random histories of fork, exit, setsid, setpgid and adoption in a model of
 * the kernel make trees; the plan for each is carried out in a second such world, which must come to the
 * same.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/tree_plan.h"

#define WORLD_SIZE 96
#define OUTSIDE (-1)
#define OUTSIDE_ID 1
#define HISTORIES 4000

struct proc {
	pid_t pid, pgid, sid;
	int parent; /* index, or OUTSIDE */
	int exit_signal;
	int table; /* what it may share with others */
	bool exists, is_zombie, is_subreaper;
};

struct world {
	struct proc procs[WORLD_SIZE];
	int count;
	int tables_count;
	uint64_t random;
};

static unsigned below(struct world *world, unsigned limit)
{
	world->random ^= world->random << 13;
	world->random ^= world->random >> 7;
	world->random ^= world->random << 17;
	return (unsigned)(world->random % limit);
}

/* The model: what the system calls do. MAKER OUTSIDE is a process of session and group OUTSIDE_ID. */

static int make(struct world *world, int maker, bool is_sibling, pid_t pid, int exit_signal)
{
	struct proc *proc = &world->procs[world->count];

	assert_true(world->count < WORLD_SIZE);
	*proc = (struct proc){
		.pid = pid, .pgid = OUTSIDE_ID, .sid = OUTSIDE_ID, .parent = maker, .exists = true};
	proc->exit_signal = exit_signal;
	proc->table = ++world->tables_count;
	if (maker != OUTSIDE) {
		assert_true(world->procs[maker].exists && !world->procs[maker].is_zombie);
		proc->pgid = world->procs[maker].pgid;
		proc->sid = world->procs[maker].sid;
		if (is_sibling) {
			proc->parent = world->procs[maker].parent;
			proc->exit_signal = world->procs[maker].exit_signal;
		}
	}
	return world->count++;
}

static int reaper_of(const struct world *world, int who)
{
	for (int at = world->procs[who].parent; at != OUTSIDE; at = world->procs[at].parent)
		if (world->procs[at].is_subreaper)
			return at;
	return OUTSIDE;
}

/* Whatever nobody inside inherits leaves the tree. */
static void leave(struct world *world, int who)
{
	world->procs[who].exists = false;
	for (int i = 0; i < world->count; i++)
		if (world->procs[i].exists && world->procs[i].parent == who)
			leave(world, i);
}

static void end(struct world *world, int who, bool is_waited_for)
{
	int reaper = reaper_of(world, who);

	world->procs[who].is_zombie = true;
	if (is_waited_for)
		world->procs[who].exists = false;
	for (int i = 0; i < world->count; i++) {
		struct proc *child = &world->procs[i];

		if (!child->exists || child->parent != who)
			continue;
		child->parent = reaper;
		child->exit_signal = SIGCHLD;
		if (reaper == OUTSIDE)
			leave(world, i);
	}
}

static bool group_exists(const struct world *world, pid_t group, pid_t session)
{
	for (int i = 0; i < world->count; i++)
		if (world->procs[i].exists && world->procs[i].pgid == group)
			return session == 0 || world->procs[i].sid == session;
	return group == OUTSIDE_ID && (session == 0 || session == OUTSIDE_ID);
}

static bool set_session(struct world *world, int who)
{
	struct proc *proc = &world->procs[who];

	if (group_exists(world, proc->pid, 0))
		return false;
	proc->sid = proc->pgid = proc->pid;
	return true;
}

static bool set_group(struct world *world, int who, pid_t group)
{
	struct proc *proc = &world->procs[who];

	if (proc->sid == proc->pid || (group != proc->pid && !group_exists(world, group, proc->sid)))
		return false;
	proc->pgid = group;
	return true;
}

/* Random histories. */

enum { WITH_TOGGLES = 1, WITH_OTHER_SIGNALS = 2, WITH_OUTSIDE = 4, WITH_SHARING = 8 };

static int any_living(struct world *world)
{
	int who;

	do
		who = (int)below(world, (unsigned)world->count);
	while (!world->procs[who].exists || world->procs[who].is_zombie);
	return who;
}

static void make_child(struct world *world, int who, bool is_sibling, unsigned flags)
{
	int signal = SIGCHLD, child;

	if (flags & WITH_OTHER_SIGNALS && below(world, 4) == 0)
		signal = below(world, 2) ? SIGUSR1 : 0;
	child = make(world, who, is_sibling, 100 + world->count, signal);
	if (flags & WITH_SHARING && below(world, 4) == 0)
		world->procs[child].table = world->procs[who].table;
}

static void step(struct world *world, unsigned flags)
{
	int who = any_living(world);
	struct proc *proc = &world->procs[who];

	switch (below(world, 12)) {
	case 0 ... 3:
		make_child(world, who, false, flags);
		break;
	case 4:
		if (who > 0 && below(world, 2) == 0)
			make_child(world, who, true, flags);
		break;
	case 5 ... 6:
		if (who > 0)
			end(world, who, below(world, 4) > 0);
		break;
	case 7 ... 8:
		if (who > 0 || !(flags & WITH_OUTSIDE))
			set_session(world, who);
		break;
	case 9 ... 10:
		/* What it leaves there would be led by somebody outside, which is refused elsewhere. */
		if (who > 0 || !(flags & WITH_OUTSIDE))
			set_group(world, who,
				  below(world, 2) ? proc->pid : world->procs[any_living(world)].pgid);
		break;
	case 11:
		if (flags & WITH_TOGGLES)
			proc->is_subreaper = !proc->is_subreaper;
		break;
	}
}

static void make_history(struct world *world, uint64_t seed, unsigned flags)
{
	unsigned steps;

	*world = (struct world){.random = seed};
	steps = 4 + below(world, 70);
	make(world, OUTSIDE, false, 100, SIGCHLD);
	world->procs[0].is_subreaper = true;
	if (!(flags & WITH_OUTSIDE))
		set_session(world, 0);
	else if (below(world, 2))
		set_group(world, 0, 100); /* as a shell does */
	for (unsigned i = 0; i < steps; i++)
		step(world, flags);
}

/* Parents before children. */
static size_t list_nodes(const struct world *world, struct tree_node *nodes, int *indexes)
{
	size_t count = 0;

	indexes[count++] = 0;
	for (size_t at = 0; at < count; at++)
		for (int i = 0; i < world->count; i++)
			if (world->procs[i].exists && world->procs[i].parent == indexes[at])
				indexes[count++] = i;
	for (size_t at = 0; at < count; at++) {
		const struct proc *proc = &world->procs[indexes[at]];

		nodes[at] = (struct tree_node){
			.pid = proc->pid,
			.ppid = proc->parent == OUTSIDE ? OUTSIDE_ID : world->procs[proc->parent].pid,
			.pgid = proc->pgid,
			.sid = proc->sid,
			.exit_signal = proc->exit_signal,
		};
		nodes[at].parent_tid = nodes[at].ppid;
	}
	return count;
}

/* Who shares with whom, of COUNT nodes that are INDEXES in the world; a zombie with nobody. */
static void find_owners(const struct world *world, struct tree_node *nodes, const int *indexes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct proc *proc = &world->procs[indexes[i]];

		for (size_t kind = 0; kind < TREE_SHARED_KINDS; kind++)
			nodes[i].owners[kind] = i;
		for (size_t k = i; k-- > 0 && !proc->is_zombie;) {
			const struct proc *other = &world->procs[indexes[k]];

			if (!other->is_zombie && other->table == proc->table)
				nodes[i].owners[1] = k;
		}
	}
}

/* Carrying out. */

struct execution {
	struct world world;
	const struct tree_plan *plan;
	const struct tree_node *nodes;
	size_t count;
	int made[2 * WORLD_SIZE]; /* index in world by that of the plan, OUTSIDE: not yet */
};

static int index_of(const struct execution *execution, size_t who)
{
	int index = who == TREE_OUTSIDE ? OUTSIDE : execution->made[who];

	if (who != TREE_OUTSIDE)
		assert_true(index >= 0);
	return index;
}

static void execute_orphan(struct execution *execution, const struct tree_step *step)
{
	const struct tree_node *node = &execution->nodes[step->who];
	struct world *world = &execution->world;
	int middle = make(world, index_of(execution, step->maker), false, 90, 0);

	execution->made[step->who] = make(world, middle, false, node->pid, SIGCHLD);
	for (int i = 0; i < world->count; i++)
		world->procs[i].is_subreaper = world->procs[i].pid == node->ppid;
	end(world, middle, true);
	assert_true(world->procs[execution->made[step->who]].exists);
}

static void execute_make(struct execution *execution, const struct tree_step *step)
{
	bool is_node = step->who < execution->count, is_sibling = step->kind == TREE_MAKE_SIBLING;
	const struct tree_stand_in *stand_in =
		is_node ? NULL : &execution->plan->stand_ins[step->who - execution->count];
	const struct tree_node *node = is_node ? &execution->nodes[step->who] : NULL;

	assert_int_equal(execution->made[step->who], OUTSIDE);
	execution->made[step->who] = make(&execution->world, index_of(execution, step->maker), is_sibling,
					  is_node ? node->pid : stand_in->pid,
					  is_node ? node->exit_signal : stand_in->exit_signal);
	if (is_node && step->maker < execution->count &&
	    node->owners[1] == execution->nodes[step->maker].owners[1])
		execution->world.procs[execution->made[step->who]].table =
			execution->world.procs[execution->made[step->maker]].table;
}

static void execute(struct execution *execution, const struct tree_step *step)
{
	struct world *world = &execution->world;

	switch (step->kind) {
	case TREE_MAKE:
	case TREE_MAKE_SIBLING:
		execute_make(execution, step);
		break;
	case TREE_MAKE_ORPHAN:
		execute_orphan(execution, step);
		break;
	case TREE_LEAD_SESSION:
		assert_true(set_session(world, index_of(execution, step->who)));
		break;
	case TREE_LEAD_GROUP:
		assert_true(set_group(world, index_of(execution, step->who),
				      world->procs[index_of(execution, step->who)].pid));
		break;
	case TREE_JOIN_GROUP:
		assert_true(set_group(world, index_of(execution, step->who), step->group ?: OUTSIDE_ID));
		break;
	}
}

static void check_result(const struct execution *execution)
{
	const struct proc *procs = execution->world.procs;

	for (size_t i = 0; i < execution->count; i++) {
		const struct tree_node *node = &execution->nodes[i];
		const struct proc *proc = &procs[index_of(execution, i)];

		assert_true(proc->exists);
		assert_int_equal(proc->pid, node->pid);
		assert_int_equal(proc->sid, node->sid);
		assert_int_equal(proc->pgid, node->pgid);
		assert_int_equal(proc->exit_signal, node->exit_signal);
		assert_int_equal(proc->parent == OUTSIDE ? OUTSIDE_ID : procs[proc->parent].pid, node->ppid);
		for (size_t k = 0; k < i; k++)
			assert_int_equal(proc->table == procs[index_of(execution, k)].table,
					 node->owners[1] == execution->nodes[k].owners[1]);
	}
}

/* Those that are late after all others. */
static void carry_out(const struct tree_plan *plan, const struct tree_node *nodes, size_t count)
{
	static struct execution execution;

	execution = (struct execution){.plan = plan, .nodes = nodes, .count = count};
	for (size_t i = 0; i < 2 * WORLD_SIZE; i++)
		execution.made[i] = OUTSIDE;
	for (int is_late = 0; is_late < 2; is_late++)
		for (size_t i = 0; i < plan->making_count; i++)
			if (plan->steps[i].is_late == is_late)
				execute(&execution, &plan->steps[i]);
	for (size_t i = plan->making_count; i < plan->steps_count; i++)
		execute(&execution, &plan->steps[i]);
	for (size_t i = 0; i < plan->stand_ins_count; i++)
		end(&execution.world, index_of(&execution, count + i), true);
	check_result(&execution);
}

/* The nodes in the order in which the plan makes them. */
static void sort_by_plan(const struct tree_plan *plan, struct tree_node *nodes, int *indexes, size_t count)
{
	struct tree_node sorted[WORLD_SIZE];
	int sorted_indexes[WORLD_SIZE];
	size_t at = 0;

	for (size_t i = 0; i < plan->making_count; i++)
		if (plan->steps[i].kind != TREE_LEAD_SESSION && plan->steps[i].who < count) {
			sorted_indexes[at] = indexes[plan->steps[i].who];
			sorted[at++] = nodes[plan->steps[i].who];
		}
	assert_int_equal(at, count);
	memcpy(nodes, sorted, count * sizeof(*nodes));
	memcpy(indexes, sorted_indexes, count * sizeof(*indexes));
}

static bool is_in_order(const struct tree_plan *plan, size_t count)
{
	size_t next = 0;

	for (size_t i = 0; i < plan->making_count; i++)
		if (plan->steps[i].kind != TREE_LEAD_SESSION && plan->steps[i].who < count &&
		    plan->steps[i].who != next++)
			return false;
	return true;
}

/*
 * Whether it could be planned: again and again, each time in the order of the plan before, until that is
 * kept. Only of nodes that share something the second plan can be another one: the first in the order need
 * not share.
 */
static bool try_tree(struct world *world, unsigned flags)
{
	struct tree_node nodes[WORLD_SIZE];
	int indexes[WORLD_SIZE];
	size_t count = list_nodes(world, nodes, indexes);

	for (int round = 0; round < 3; round++) {
		struct tree_plan plan;
		bool is_refused, is_done;

		find_owners(world, nodes, indexes, count);
		assert_int_equal(tree_plan_make(&plan, nodes, count, flags & WITH_OUTSIDE), 0);
		is_refused = plan.refusals_count > 0;
		is_done = !is_refused && is_in_order(&plan, count);
		if (!is_refused && (is_done || !(flags & WITH_SHARING)))
			carry_out(&plan, nodes, count);
		if (!is_refused)
			sort_by_plan(&plan, nodes, indexes, count);
		tree_plan_done(&plan);
		assert_true(is_done || round == 0 || flags & WITH_SHARING);
		if (is_refused || (is_done && round > 0))
			return is_done;
		for (size_t i = 0; i < count; i++)
			nodes[i].is_late = below(world, 3) == 0;
	}
	return false;
}

/* Of how many at most ALLOWED can be refused. */
static void try_histories(unsigned flags, unsigned allowed)
{
	static struct world world;
	const char *given = getenv("TREE_PLAN_HISTORIES");
	unsigned number = given ? (unsigned)strtoul(given, NULL, 10) : HISTORIES, refused = 0;

	for (uint64_t seed = 1; seed <= number; seed++) {
		make_history(&world, seed * 0x9e3779b97f4a7c15, flags);
		refused += !try_tree(&world, flags);
	}
	if (getenv("TREE_PLAN_HISTORIES"))
		printf("flags %u: %u of %u refused\n", flags, refused, number);
	if (refused > (uint64_t)allowed * number / HISTORIES)
		fail_msg("%u of %u trees are refused", refused, number);
}

static void what_can_happen(void **state maybe_unused)
{
	try_histories(0, 1);
}

static void with_an_outside(void **state maybe_unused)
{
	try_histories(WITH_OUTSIDE, 1);
}

static void with_other_exit_signals(void **state maybe_unused)
{
	try_histories(WITH_OTHER_SIGNALS, 2);
}

static void with_subreapers_for_a_time(void **state maybe_unused)
{
	try_histories(WITH_TOGGLES, 2);
}

/* One that shares with another which is no relative any more cannot be made. */
static void with_sharing(void **state maybe_unused)
{
	try_histories(WITH_SHARING, HISTORIES / 4);
}

static void with_all(void **state maybe_unused)
{
	try_histories(WITH_TOGGLES | WITH_OTHER_SIGNALS | WITH_OUTSIDE | WITH_SHARING, HISTORIES / 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_can_happen),
		cmocka_unit_test(with_an_outside),
		cmocka_unit_test(with_other_exit_signals),
		cmocka_unit_test(with_subreapers_for_a_time),
		cmocka_unit_test(with_sharing),
		cmocka_unit_test(with_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
