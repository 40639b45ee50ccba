/* SPDX-License-Identifier: MIT */
/* How processes come into their groups, when all are in their sessions. */
#include <errno.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "common/tree_planning.h"

static int join(struct planning *planning, size_t who)
{
	struct place *place = &planning->places[who];

	place->current_group = place->group;
	return planning_add_step(
		planning, &(struct tree_step){.kind = TREE_JOIN_GROUP, .who = who, .group = place->group});
}

static int lead(struct planning *planning, size_t who)
{
	planning->places[who].current_group = planning->places[who].pid;
	return planning_add_step(planning, &(struct tree_step){.kind = TREE_LEAD_GROUP, .who = who});
}

/* The first who needs it makes one who leads the group of NODE, whose leader has ended. */
static int plan_group_leader(struct planning *planning, size_t node)
{
	pid_t group = planning->places[node].group, session = planning->places[node].session;
	size_t who = planning->places_count;
	struct tree_stand_in stand_in = {
		.pid = group, .parent = node, .parent_tid = planning->places[node].pid};
	uint64_t known;
	int r;

	if (id_map_get(&planning->stand_ins, (uint64_t)group, &known))
		return planning->places[known].session == session
			       ? 0
			       : planning_refuse(planning, node,
						 "its process group, #, is in another session", group);
	r = planning_add_stand_in(
		planning, &(struct place){.parent = node, .pid = group, .session = session, .group = group},
		&stand_in);
	if (r == 0)
		r = planning_add_step(planning,
				      &(struct tree_step){.kind = TREE_MAKE, .who = who, .maker = node});
	return r < 0 ? r : lead(planning, who);
}

/* All of a group must be in one session, its leader too, even if that is in another group now. */
static int check_group(struct planning *planning, size_t node)
{
	const struct place *place = &planning->places[node];
	size_t leader;

	if (leads_session(place) && place->group != place->pid)
		return planning_refuse(planning, node, "leads a session and is in another group, #",
				       place->group);
	if (!planning_find(planning, place->group, &leader))
		return 0;
	planning->places[leader].is_group = true;
	return planning->places[leader].session == place->session
		       ? 0
		       : planning_refuse(planning, node, "its process group, #, is in another session",
					 place->group);
}

/* Those that have led a group and gone to another leave theirs when all have come into it who shall be in it.
 */
static int move_leaders(struct planning *planning)
{
	cleanup_free size_t *waits = calloc(planning->count, sizeof(size_t));
	cleanup_free size_t *queue = calloc(planning->count, sizeof(size_t));
	size_t queued = 0, target, moving = 0;
	int r = 0;

	if (!waits || !queue)
		return -ENOMEM;
	for (size_t i = 0; i < planning->count; i++)
		if (planning->places[i].current_group != planning->places[i].group) {
			moving++;
			if (planning_find(planning, planning->places[i].group, &target))
				waits[target]++;
		}
	for (size_t i = 0; i < planning->count; i++)
		if (planning->places[i].current_group != planning->places[i].group && waits[i] == 0)
			queue[queued++] = i;
	for (size_t done = 0; r == 0 && done < queued; done++) {
		bool is_inside = planning_find(planning, planning->places[queue[done]].group, &target);

		r = join(planning, queue[done]);
		if (is_inside && --waits[target] == 0 &&
		    planning->places[target].current_group != planning->places[target].group)
			queue[queued++] = target;
	}
	for (size_t i = 0; r == 0 && queued < moving && i < planning->count; i++)
		if (planning->places[i].current_group != planning->places[i].group)
			r = planning_refuse(planning, i, "process group # cannot be made again",
					    planning->places[i].group);
	return r;
}

int planning_groups(struct planning *planning)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < planning->count; i++)
		r = check_group(planning, i);
	if (r < 0 || planning->plan->refusals_count > 0)
		return r;
	for (size_t i = 0; r == 0 && i < planning->count; i++)
		if (planning->places[i].is_group && !leads_session(&planning->places[i]))
			r = lead(planning, i);
	for (size_t i = 0; r == 0 && i < planning->count; i++)
		if (planning->places[i].group != ID_OUTSIDE &&
		    !planning_find(planning, planning->places[i].group, NULL))
			r = plan_group_leader(planning, i);
	for (size_t i = 0; r == 0 && i < planning->count; i++)
		if (!planning->places[i].is_group &&
		    planning->places[i].current_group != planning->places[i].group)
			r = join(planning, i);
	return r < 0 ? r : move_leaders(planning);
}
