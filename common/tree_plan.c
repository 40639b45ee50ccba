/* SPDX-License-Identifier: MIT */
/* How a tree of processes can be made again. */
#include "common/tree_plan.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/tree_planning.h"

/* Leaders of sessions in a row, each the child of the one before, of which one still has children from
 * before. */
#define LEADERS_MAX 1000

static void planning_done(struct planning *planning)
{
	free(planning->places);
	id_map_done(&planning->by_pid);
	id_map_done(&planning->members);
	id_map_done(&planning->stand_ins);
}

void tree_plan_done(struct tree_plan *plan)
{
	free(plan->steps);
	free(plan->stand_ins);
	free(plan->refusals);
	*plan = (struct tree_plan){0};
}

const char *tree_refusal_text(const struct tree_refusal *refusal, char text[TREE_REFUSAL_SIZE])
{
	size_t before = strcspn(refusal->format, "#");
	const char *after = refusal->format + before;

	snprintf(text, TREE_REFUSAL_SIZE, *after ? "%.*s%d%s" : "%.*s", (int)before, refusal->format,
		 refusal->id, *after ? after + 1 : "");
	return text;
}

int planning_refuse(struct planning *planning, size_t node, const char *format, pid_t id)
{
	struct tree_refusal *slot = vector_append(planning->plan, refusals);

	if (!slot)
		return -ENOMEM;
	*slot = (struct tree_refusal){.node = node, .format = format, .id = id};
	return 0;
}

bool planning_find(const struct planning *planning, pid_t pid, size_t *ret_index)
{
	uint64_t index;

	if (!id_map_get(&planning->by_pid, (uint64_t)pid, &index))
		return false;
	if (ret_index)
		*ret_index = (size_t)index;
	return true;
}

int planning_add_place(struct planning *planning, const struct place *place)
{
	struct place *slot = vector_append(planning, places);

	if (!slot)
		return -ENOMEM;
	*slot = *place;
	return 0;
}

int planning_add_stand_in(struct planning *planning, const struct place *place,
			  const struct tree_stand_in *stand_in)
{
	struct tree_stand_in *slot = vector_append(planning->plan, stand_ins);
	int r = id_map_set(&planning->stand_ins, (uint64_t)place->pid, planning->places_count);

	if (!slot || r < 0)
		return -ENOMEM;
	*slot = *stand_in;
	return planning_add_place(planning, place);
}

int planning_add_step(struct planning *planning, const struct tree_step *step)
{
	struct tree_step *slot = vector_append(planning->plan, steps);

	if (!slot)
		return -ENOMEM;
	*slot = *step;
	return 0;
}

/* Not counting PLACE itself. */
static bool is_below(const struct planning *planning, size_t place, size_t ancestor)
{
	if (ancestor == TREE_OUTSIDE)
		return true;
	for (size_t at = planning->places[place].parent; at != TREE_OUTSIDE; at = planning->places[at].parent)
		if (at == ancestor)
			return true;
	return false;
}

static int add_node(struct planning *planning, size_t index)
{
	const struct tree_node *node = &planning->nodes[index];
	struct place place = {
		.parent = TREE_OUTSIDE, .pid = node->pid, .session = node->sid, .group = node->pgid};
	int r;

	if (node->pid <= 0 || node->sid < 0 || node->pgid < 0 || planning_find(planning, node->pid, NULL) ||
	    (index > 0 && !planning_find(planning, node->ppid, &place.parent)))
		return -EBADMSG;
	r = id_map_set(&planning->by_pid, (uint64_t)node->pid, index);
	return r < 0 ? r : planning_add_place(planning, &place);
}

/* Its session and group may be those of TREE_OUTSIDE. The kernel's 0 is outside of the pid namespace. */
static int set_outside(struct planning *planning, size_t index)
{
	const struct tree_node *root = &planning->nodes[0];
	struct place *place = &planning->places[index];
	bool is_session = planning->has_outside && place->session == root->sid &&
			  !planning_find(planning, root->sid, NULL);
	bool is_group = planning->has_outside && place->group == root->pgid &&
			!planning_find(planning, root->pgid, NULL);

	if ((place->session == 0 && !is_session) || (place->group == 0 && !is_group))
		return planning_refuse(
			planning, index,
			"its session or process group is led from outside of its pid namespace", 0);
	if (is_session)
		place->session = ID_OUTSIDE;
	if (is_group)
		place->group = ID_OUTSIDE;
	return 0;
}

static int add_nodes(struct planning *planning)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < planning->count; i++)
		r = add_node(planning, i);
	for (size_t i = planning->count; r == 0 && i-- > 0;) {
		struct place *place = &planning->places[i];
		uint64_t member = 0;

		r = set_outside(planning, i);
		if (id_map_get(&planning->members, (uint64_t)place->session, &member))
			place->next_member = (size_t)member;
		if (r == 0)
			r = id_map_set(&planning->members, (uint64_t)place->session, i + 1);
		if (i == 0)
			break;
		place->next_sibling = planning->places[place->parent].first_child;
		planning->places[place->parent].first_child = i + 1;
	}
	return r;
}

/*
 * Whether a leader has children from before it led its session that are in SESSION, or such a leader among
 * them that was made then.
 */
static bool has_older(const struct planning *planning, size_t leader, pid_t session, unsigned depth)
{
	const struct place *place = &planning->places[leader];

	if (session == place->pid || depth == LEADERS_MAX)
		return false;
	for (size_t child = place->first_child; child != 0;
	     child = planning->places[child - 1].next_sibling) {
		const struct place *other = &planning->places[child - 1];

		if (leads_session(other)
			    ? !other->is_younger && has_older(planning, child - 1, session, depth + 1)
			    : other->session == session)
			return true;
	}
	return false;
}

/* Whether anybody but those below TOP is, or leads, in SESSION. */
static bool is_known_above(const struct planning *planning, size_t top, pid_t session)
{
	uint64_t member = 0;
	size_t leader;

	if (planning_find(planning, session, &leader))
		return !is_below(planning, leader, top);
	(void)id_map_get(&planning->members, (uint64_t)session, &member);
	for (; member != 0; member = planning->places[member - 1].next_member)
		if (!is_below(planning, member - 1, top))
			return true;
	return false;
}

/* A session of older children, as of has_older(), of which TOP must have been a member, for it is not only
 * below; or -1. */
static pid_t older_session(const struct planning *planning, size_t top, size_t leader, unsigned depth)
{
	const struct place *place = &planning->places[leader];

	for (size_t child = depth < LEADERS_MAX ? place->first_child : 0; child != 0;
	     child = planning->places[child - 1].next_sibling) {
		const struct place *other = &planning->places[child - 1];
		pid_t session = !leads_session(other) ? other->session
				: other->is_younger   ? -1
						      : older_session(planning, top, child - 1, depth + 1);

		if (session >= 0 && session != place->pid && is_known_above(planning, top, session))
			return session;
	}
	return -1;
}

/* All that the node shares with any before it, it shares with MAKER as well, which so can hand it on. */
static bool can_share(const struct planning *planning, size_t maker, size_t node)
{
	const size_t *owners = planning->nodes[node].owners;

	for (size_t i = 0; i < TREE_SHARED_KINDS; i++)
		if (owners[i] != node &&
		    (maker >= planning->count || owners[i] != planning->nodes[maker].owners[i]))
			return false;
	return true;
}

/*
 * In which session it is made. Its parent has been in two: the first, and its own in the end. If it is
 * neither, the parent has not made it.
 */
static void choose_first_session(struct planning *planning, size_t index)
{
	struct place *place = &planning->places[index];
	const struct place *parent = place->parent == TREE_OUTSIDE ? NULL : &planning->places[place->parent];
	pid_t last = parent ? parent->session : ID_OUTSIDE,
	      first = parent ? parent->first_session : ID_OUTSIDE;
	pid_t wanted = place->session;

	if (leads_session(place)) {
		wanted = has_older(planning, index, last, 0)    ? last
			 : has_older(planning, index, first, 0) ? first
								: older_session(planning, index, index, 0);
		wanted = wanted < 0 ? last : wanted;
	}
	place->maker = place->parent;
	place->how = TREE_MAKE;
	place->first_session = wanted;
	place->is_foreign = (wanted != last && wanted != first) || !can_share(planning, place->parent, index);
}

/* Orphans are inherited by the main thread, as long as it lives. */
static bool is_of_main_thread(const struct tree_node *node)
{
	return node->parent_tid == node->ppid;
}

/* How MEMBER, which can be in the session that NODE is made in, can make it: as its brother, or through one
 * in between. */
static bool can_make(const struct planning *planning, size_t member, size_t node,
		     enum tree_step_kind *ret_how)
{
	const struct tree_node *nodes = planning->nodes;
	size_t parent = planning->places[node].parent;

	if (member == node || is_below(planning, member, node) || !can_share(planning, member, node))
		return false;
	*ret_how = TREE_MAKE_SIBLING;
	if (planning->places[member].parent == parent &&
	    nodes[member].exit_signal == nodes[node].exit_signal &&
	    nodes[member].parent_tid == nodes[node].parent_tid)
		return true;
	*ret_how = TREE_MAKE_ORPHAN;
	return parent != TREE_OUTSIDE && nodes[node].exit_signal == SIGCHLD &&
	       is_of_main_thread(&nodes[node]) && is_below(planning, member, parent) &&
	       can_share(planning, TREE_OUTSIDE, node);
}

/* Whether it is known how MEMBER gets into its session, and that is not by way of NODE. */
static bool is_rooted(const struct planning *planning, size_t member, size_t node)
{
	pid_t session = planning->places[member].session;

	for (size_t i = 0; i < planning->count; i++) {
		const struct place *place = &planning->places[member];

		if (member == node || place->is_foreign)
			return false;
		if (place->pid == session || place->maker == TREE_OUTSIDE)
			return true;
		member = place->maker;
	}
	return false;
}

static bool has_lost_leader(const struct planning *planning, const struct place *place)
{
	return place->first_session != ID_OUTSIDE && !planning_find(planning, place->first_session, NULL);
}

/* A maker among the nodes: the leader if it can, or else a member. */
static bool find_maker(struct planning *planning, size_t node)
{
	struct place *place = &planning->places[node];
	uint64_t member = 0;
	size_t leader;

	if (planning_find(planning, place->first_session, &leader) &&
	    leads_session(&planning->places[leader]) && can_make(planning, leader, node, &place->how)) {
		place->maker = leader;
		return true;
	}
	/* A stand-in makes all of a session without a leader, unless they share anything. */
	if (!has_lost_leader(planning, place) || !can_share(planning, TREE_OUTSIDE, node))
		(void)id_map_get(&planning->members, (uint64_t)place->first_session, &member);
	for (; member != 0; member = planning->places[member - 1].next_member) {
		if (!can_make(planning, member - 1, node, &place->how) ||
		    !is_rooted(planning, member - 1, node))
			continue;
		place->maker = member - 1;
		return true;
	}
	return false;
}

/*
 * For the session of the foreign NODE, which nobody leads. If several are foreign there, the stand-in is the
 * child of that parent which is below all others, as they can inherit from below only.
 */
static int plan_session_leader(struct planning *planning, size_t node)
{
	struct place *place = &planning->places[node];
	struct tree_stand_in stand_in = {
		.pid = place->first_session,
		.parent = place->parent,
		.parent_tid = planning->nodes[node].parent_tid,
		.exit_signal = planning->nodes[node].exit_signal,
	};
	uint64_t index;

	if (id_map_get(&planning->stand_ins, (uint64_t)place->first_session, &index)) {
		struct place *leader = &planning->places[index];
		struct tree_stand_in *known = &planning->plan->stand_ins[index - planning->count];

		if (place->parent != TREE_OUTSIDE && leader->parent != TREE_OUTSIDE &&
		    is_below(planning, place->parent, leader->parent)) {
			leader->parent = leader->maker = place->parent;
			*known = stand_in;
		} else if (known->parent == stand_in.parent && known->exit_signal == SIGCHLD) {
			*known = stand_in; /* those with SIGCHLD can be made in another way */
		}
		return 0;
	}
	return planning_add_stand_in(planning,
				     &(struct place){.parent = place->parent,
						     .pid = place->first_session,
						     .session = place->first_session,
						     .group = place->first_session,
						     .maker = place->parent,
						     .how = TREE_MAKE},
				     &stand_in);
}

static int refuse_sharing(struct planning *planning, size_t node)
{
	const size_t *owners = planning->nodes[node].owners;
	size_t kind = 0;

	while (kind < TREE_SHARED_KINDS - 1 && owners[kind] == node)
		kind++;
	return planning_refuse(planning, node,
			       "shares memory, descriptors, directories or signal handlers with process #, "
			       "which is neither "
			       "its parent nor a sibling in its session: that cannot be made again",
			       planning->nodes[owners[kind]].pid);
}

static int use_session_leader(struct planning *planning, size_t node)
{
	struct place *place = &planning->places[node];
	const struct tree_stand_in *stand_in;
	uint64_t leader;

	if (!id_map_get(&planning->stand_ins, (uint64_t)place->first_session, &leader))
		return 0; /* it has been refused */
	stand_in = &planning->plan->stand_ins[leader - planning->count];
	place->maker = (size_t)leader;
	if (!can_share(planning, place->maker, node))
		return refuse_sharing(planning, node);
	if (stand_in->parent == place->parent && stand_in->exit_signal == planning->nodes[node].exit_signal &&
	    stand_in->parent_tid == planning->nodes[node].parent_tid)
		place->how = TREE_MAKE_SIBLING;
	else if (place->parent != TREE_OUTSIDE && planning->nodes[node].exit_signal == SIGCHLD &&
		 is_of_main_thread(&planning->nodes[node]) &&
		 is_below(planning, (size_t)leader, place->parent))
		place->how = TREE_MAKE_ORPHAN;
	else
		return planning_refuse(
			planning, node,
			"session # cannot be made again: its leader has ended, and its members have "
			"parents that are "
			"no relatives of each other",
			place->first_session);
	return 0;
}

/* One may be made by another that is planned for later: again, until there is no progress. */
static void find_makers(struct planning *planning)
{
	bool has_progress = true;

	while (has_progress) {
		has_progress = false;
		for (size_t i = 0; i < planning->count; i++) {
			struct place *place = &planning->places[i];

			if (!place->is_foreign || !find_maker(planning, i))
				continue;
			place->is_foreign = false;
			has_progress = true;
		}
	}
}

static int plan_foreign(struct planning *planning, size_t node)
{
	const struct place *place = &planning->places[node];

	if (has_lost_leader(planning, place) && can_share(planning, TREE_OUTSIDE, node))
		return plan_session_leader(planning, node);
	if (!can_share(planning, place->parent, node))
		return refuse_sharing(planning, node);
	return planning_refuse(
		planning, node,
		"its session, #, cannot be made again: its leader is no relative that could have made it",
		planning->nodes[node].sid);
}

static int plan_makers(struct planning *planning)
{
	int r = 0;

	for (size_t i = planning->count; i-- > 1;) {
		struct place *place = &planning->places[i];

		place->is_younger = leads_session(place) &&
				    has_older(planning, i, planning->places[place->parent].pid, 0);
	}
	for (size_t i = 0; i < planning->count; i++)
		choose_first_session(planning, i);
	find_makers(planning);
	for (size_t i = 0; r == 0 && i < planning->count; i++)
		if (planning->places[i].is_foreign)
			r = plan_foreign(planning, i);
	for (size_t i = 0; r == 0 && i < planning->count; i++)
		if (planning->places[i].is_foreign)
			r = use_session_leader(planning, i);
	return r;
}

int tree_plan_make(struct tree_plan *plan, const struct tree_node *nodes, size_t nodes_count,
		   bool has_outside)
{
	cleanup_(planning_done) struct planning planning = {
		.plan = plan,
		.nodes = nodes,
		.count = nodes_count,
		.has_outside = has_outside,
	};
	int r;

	*plan = (struct tree_plan){0};
	r = add_nodes(&planning);
	if (r == 0)
		r = plan_makers(&planning);
	if (r == 0 && plan->refusals_count == 0)
		r = planning_order(&planning);
	if (r == 0 && plan->refusals_count == 0)
		r = planning_groups(&planning);
	return r;
}
