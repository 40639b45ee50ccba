/* SPDX-License-Identifier: MIT */
/* What the parts of tree_plan.c share: a plan in the making. */
#pragma once

#include "common/id_map.h"
#include "common/tree_plan.h"
#include "common/vector.h"

/* The session and group of TREE_OUTSIDE. */
#define ID_OUTSIDE 0
/* A node or, behind these, a stand-in. */
struct place {
	size_t parent;
	size_t first_child, next_sibling; /* index + 1 of nodes; 0: none */
	size_t next_member;               /* of its session, likewise */
	pid_t pid, session, group;        /* what it is to be */
	pid_t first_session;              /* in which it is made */
	pid_t current_group;
	size_t maker;
	enum tree_step_kind how;
	bool is_younger; /* leads a session, but was in that of its parent, which leads one too, after that
			    did */
	bool is_foreign; /* its parent cannot make it */
	bool has_late_child;
	bool is_group; /* its id is that of a process group */
};

struct planning {
	struct tree_plan *plan;
	const struct tree_node *nodes;
	size_t count; /* of nodes */
	bool has_outside;
	struct place *places; /* of nodes; stand-ins are appended */
	size_t places_count, places_capacity;
	struct id_map by_pid;    /* index of the node */
	struct id_map members;   /* by session: index + 1 of the first member among the nodes */
	struct id_map stand_ins; /* by id: index of the place */
};

static inline bool leads_session(const struct place *place)
{
	return place->session == place->pid;
}

/* RET_INDEX may be NULL. */
bool planning_find(const struct planning *planning, pid_t pid, size_t *ret_index);

/* All return 0 or -ENOMEM. */
int must_check planning_refuse(struct planning *planning, size_t node, const char *format, pid_t id);
int must_check planning_add_place(struct planning *planning, const struct place *place);
int must_check planning_add_stand_in(struct planning *planning, const struct place *place,
				     const struct tree_stand_in *stand_in);
int must_check planning_add_step(struct planning *planning, const struct tree_step *step);

/* tree_plan_order.c: the steps until every place is in its session. */
int must_check planning_order(struct planning *planning);

/* tree_plan_groups.c: the steps after these, until each is in its group. */
int must_check planning_groups(struct planning *planning);
