/* SPDX-License-Identifier: MIT */
/*
 * The cgroups of the program: found again, or made, before its first process is, and each process and thread
 * is moved as soon as it has been made, so that nothing is ever charged to others.
 *
 * A group in which cr-dump was as well stands for that of cr-restore, but with --manage-cgroups=strict.
 */
#pragma once

#include <sys/types.h>

#include "common/cgroup.h"
#include "format/cgroup.pb-c.h"
#include "restorer/restore.h"

enum cgroup_state {
	CGROUP_UNUSED, /* no set has it */
	CGROUP_OWN,    /* its tasks stay in that of cr-restore */
	CGROUP_THERE,
	CGROUP_MISSING, /* and is to be made */
};

struct restored_cgroup {
	enum cgroup_state state;
	size_t tasks_count;       /* that are to be in it, or below it */
	int directory_fd;         /* of one that is there */
	int procs_fd, threads_fd; /* to write to; -EBADF: not yet */
	bool has_failed;          /* which has been told */
};

struct restored_hierarchy {
	const Cr__CgroupHierarchy *image;
	char *own_path;                 /* of cr-restore; NULL: there is no such hierarchy here */
	struct restored_cgroup *groups; /* by index */
	struct restored_cgroup own;     /* for those that have to come back from another */
};

/* A directory that was made, for the case that the restore fails. */
struct made_cgroup {
	int parent_fd;
	char *name;
};

struct cgroups {
	const Cr__Cgroups *image; /* of the manifest */
	struct cgroup_mounts mounts;
	struct restored_hierarchy *hierarchies; /* by index */
	size_t hierarchies_count;
	struct made_cgroup *made;
	size_t made_count, made_capacity;
};

/* For the preflight: what is there and what is to be made; adds to restore->blockers. Logs. */
int must_check cgroups_preflight(struct restore *restore);

/*
 * Of the group of that index and those above it, the first that is there: its directory and its index.
 * -ESRCH if none is, -ENOENT if there is no way to them, or another negative errno.
 */
int must_check cgroups_open_nearest(const struct restored_hierarchy *hierarchy, struct cgroup_mounts *mounts,
				    size_t index, int *ret_fd, size_t *ret_index, bool *ret_is_read_only);

/* A stage: makes those that are missing. */
int must_check cgroups_create(struct restore *restore);

/* Removes what was made, unless the restore is done. */
void cgroups_done(struct restore *restore);

/* The directory of the cgroup v2 of the set, borrowed; -EBADF: its tasks are in that of cr-restore. */
int cgroups_unified_directory(const struct restore *restore, uint32_t set);

/*
 * Moves a process that has one thread, or a thread, from the groups of the set FROM to those of TO (as
 * Thread.cgroup_set; 0: those of cr-restore). Nothing is written where these are the same. IS_IN_UNIFIED: it
 * has been made in that of v2. Logs.
 */
int must_check cgroups_move_process(struct restore *restore, pid_t pid, uint32_t from, uint32_t to,
				    bool is_in_unified);
int must_check cgroups_move_thread(struct restore *restore, pid_t tid, uint32_t from, uint32_t to);

/* The one inside of a new pid namespace, which is its init for as long as the program lives, goes with it. */
int must_check cgroups_move_self(struct restore *restore);
