/* SPDX-License-Identifier: MIT */
/* What valid cgroups in a manifest are. */
#include "format/cgroup.h"

#include <errno.h>
#include <string.h>

#include "common/cgroup.h"
#include "common/log.h"
#include "common/proc/cgroup_list.h"

#define CONTROLLERS_SIZE_MAX 256

#define bad_cgroups(...) (log_error("the cgroups of the manifest are bad: " __VA_ARGS__), -EBADMSG)

/* A file that a controller has made; not one by which tasks are moved or groups frozen. */
static bool setting_is_valid(const Cr__CgroupSetting *setting)
{
	const char *name = setting->name;
	size_t size = strlen(name);

	return size > 0 && size <= NAME_MAX && name[0] != '.' && !strchr(name, '/') &&
	       setting->value.len <= CGROUP_SETTING_SIZE_MAX;
}

static bool is_root(const Cr__Cgroup *group)
{
	return strcmp(group->path, "/") == 0;
}

/* The path of PARENT is that of GROUP without its last name. */
static bool is_parent(const Cr__Cgroup *parent, const Cr__Cgroup *group)
{
	size_t size = (size_t)(strrchr(group->path, '/') - group->path);

	return size == 0 ? is_root(parent)
			 : strlen(parent->path) == size && memcmp(parent->path, group->path, size) == 0;
}

static int group_check(const Cr__CgroupHierarchy *hierarchy, size_t index)
{
	const Cr__Cgroup *group = hierarchy->groups[index];
	bool needs_parent = !group->is_of_dumper && !is_root(group);

	if (group->path[0] != '/' || strlen(group->path) >= PATH_MAX ||
	    (!group->is_of_dumper && !cgroup_path_is_plain(group->path)))
		return bad_cgroups("group %zu has no valid path", index);
	if (needs_parent ? group->parent == 0 || group->parent > index ||
				   !is_parent(hierarchy->groups[group->parent - 1], group)
			 : group->parent != 0)
		return bad_cgroups("what is above group %zu is not there", index);
	if (group->mode & ~07777U || group->n_settings > CGROUP_SETTINGS_MAX)
		return bad_cgroups("the mode or the number of settings of group %zu is not possible", index);
	for (size_t i = 0; i < group->n_settings; i++)
		if (!setting_is_valid(group->settings[i]))
			return bad_cgroups("setting %zu of group %zu is not possible", i, index);
	return 0;
}

static int hierarchy_check(const Cr__Cgroups *cgroups, size_t index, size_t *groups_left)
{
	const Cr__CgroupHierarchy *hierarchy = cgroups->hierarchies[index];
	int r = 0;

	if (strlen(hierarchy->controllers) > CONTROLLERS_SIZE_MAX || strpbrk(hierarchy->controllers, " \n:/"))
		return bad_cgroups("hierarchy %zu has no valid name", index);
	for (size_t i = 0; i < index; i++)
		if (strcmp(cgroups->hierarchies[i]->controllers, hierarchy->controllers) == 0)
			return bad_cgroups("hierarchy %zu is there twice", index);
	if (hierarchy->n_groups > *groups_left)
		return bad_cgroups("there are more than %u groups", CGROUP_GROUPS_MAX);
	*groups_left -= hierarchy->n_groups;
	for (size_t i = 0; r == 0 && i < hierarchy->n_groups; i++)
		r = group_check(hierarchy, i);
	return r;
}

static int set_check(const Cr__Cgroups *cgroups, size_t index)
{
	const Cr__CgroupSet *set = cgroups->sets[index];

	if (set->n_groups != cgroups->n_hierarchies)
		return bad_cgroups("set %zu does not name a group for each hierarchy", index);
	for (size_t i = 0; i < set->n_groups; i++)
		if (set->groups[i] >= cgroups->hierarchies[i]->n_groups)
			return bad_cgroups("set %zu names a group that is not there", index);
	return 0;
}

int cgroups_check(const Cr__Cgroups *cgroups)
{
	size_t groups_left = CGROUP_GROUPS_MAX;
	int r = 0;

	if (!cgroups)
		return 0;
	if (cgroups->n_hierarchies > CGROUP_HIERARCHIES_MAX || cgroups->n_sets > CGROUP_SETS_MAX)
		return bad_cgroups("%zu hierarchies with %zu sets are not possible", cgroups->n_hierarchies,
				   cgroups->n_sets);
	for (size_t i = 0; r == 0 && i < cgroups->n_hierarchies; i++)
		r = hierarchy_check(cgroups, i, &groups_left);
	for (size_t i = 0; r == 0 && i < cgroups->n_sets; i++)
		r = set_check(cgroups, i);
	return r;
}
