/* SPDX-License-Identifier: MIT */
/*
 * How a tree of processes can be made again: who makes which, in which order.
 *
 * A process gets its parent, session and process group from the one that makes it (fork(2)), which must have
 * them at that moment, as far as it cannot take others later: setsid(2) makes it the leader of a session of
 * its own, setpgid(2) moves it to a group of its session. Mostly the maker is the parent. A process that is
 * in a session of which its parent has never been a member was made by a member below the parent, and the
 * parent has inherited it (PR_SET_CHILD_SUBREAPER), or has it from a child (CLONE_PARENT). Where nobody is
 * left who led a session or group, a stand-in does, until all is made.
 *
 * This knows no system call: it works on numbers, and says in which order to do what.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "common/compiler.h"

/* Kinds of things that clone(2) lets processes share. */
#define TREE_SHARED_KINDS 4

/* What the tree was. */
struct tree_node {
	pid_t pid, ppid, pgid, sid;
	pid_t parent_tid; /* the thread whose child it is, of its parent */
	int exit_signal;
	bool is_late;                     /* is to be made later than others, if that can be */
	size_t owners[TREE_SHARED_KINDS]; /* index of the first with whom it shares it: its own, if with none
					   */
};

/* Whoever makes the first process and is its parent, with a session and a group that are not of the tree. */
#define TREE_OUTSIDE SIZE_MAX

enum tree_step_kind {
	TREE_MAKE,         /* maker makes it as a child of its thread parent_tid */
	TREE_MAKE_SIBLING, /* maker makes it as a sibling, CLONE_PARENT; the exit signal is the maker's */
	/* A child of maker makes it and ends; its parent, an ancestor of maker, is a subreaper for that time,
	 * and no other process between them. It sends SIGCHLD. */
	TREE_MAKE_ORPHAN,
	TREE_LEAD_SESSION, /* setsid() */
	TREE_LEAD_GROUP,   /* setpgid(0, 0) */
	TREE_JOIN_GROUP,   /* setpgid(0, group) */
};

struct tree_step {
	enum tree_step_kind kind;
	size_t who;   /* index of the node; from nodes_count on: of the stand-in */
	size_t maker; /* TREE_MAKE*: likewise, or TREE_OUTSIDE */
	pid_t group;  /* TREE_JOIN_GROUP; 0: that of the one outside */
	bool is_late; /* one that is late is made here, or before */
};

/* Has the id of a process that is gone; it ends when all steps are done. Made like any other, as a child. */
struct tree_stand_in {
	pid_t pid;
	size_t parent;    /* index of the node, or TREE_OUTSIDE */
	pid_t parent_tid; /* as of a node */
	int exit_signal;
};

/* What cannot be made again. */
struct tree_refusal {
	size_t node;
	const char *format; /* with a '#' where ID belongs */
	pid_t id;
};

#define TREE_REFUSAL_SIZE 256
const char *tree_refusal_text(const struct tree_refusal *refusal, char text[TREE_REFUSAL_SIZE]);

struct tree_plan {
	struct tree_step *steps;
	size_t steps_count, steps_capacity;
	size_t making_count; /* so many steps until all are made and in their sessions; what follows is about
				groups */
	struct tree_stand_in *stand_ins;
	size_t stand_ins_count, stand_ins_capacity;
	struct tree_refusal *refusals; /* if there are any, the steps are no whole */
	size_t refusals_count, refusals_capacity;
};

void tree_plan_done(struct tree_plan *plan);

/*
 * Plans for NODES, of which the first is the root and each other comes behind its parent; ids differ. They
 * are made in this order as far as it can be. HAS_OUTSIDE: the root's session and group, where their leader
 * is not in the tree, are those of TREE_OUTSIDE. An id whose process is not in the tree is otherwise taken
 * for that of one that has ended. 0, -ENOMEM, or -EBADMSG if the nodes are not as they should be.
 */
int must_check tree_plan_make(struct tree_plan *plan, const struct tree_node *nodes, size_t nodes_count,
			      bool has_outside);
