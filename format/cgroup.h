/* SPDX-License-Identifier: MIT */
/* What valid cgroups in a manifest are. */
#pragma once

#include "common/compiler.h"
#include "format/cgroup.pb-c.h"

#define CGROUP_GROUPS_MAX 65536U
#define CGROUP_SETS_MAX 65536U
#define CGROUP_SETTINGS_MAX 256U

/*
 * NULL is valid. -EBADMSG, logged, if they are not: each set has a group in each hierarchy; paths are
 * absolute and, but for those of groups of cr-dump's, plain (cgroup_path_is_plain()); what is above a group
 * that is not one of cr-dump's stands before it; a setting is a file of the group's own directory.
 */
int must_check cgroups_check(const Cr__Cgroups *cgroups);

/* The group of the set of number SET (as Thread.cgroup_set, not 0) in hierarchy HIERARCHY. */
static inline const Cr__Cgroup *cgroup_of_set(const Cr__Cgroups *cgroups, uint32_t set, size_t hierarchy)
{
	return cgroups->hierarchies[hierarchy]->groups[cgroups->sets[set - 1]->groups[hierarchy]];
}
