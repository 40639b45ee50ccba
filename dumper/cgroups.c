/* SPDX-License-Identifier: MIT */
/* The cgroups of the tree. */
#include "dumper/cgroups.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cgroup.h"
#include "common/cgroup_settings.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "common/log.h"
#include "common/proc/cgroup_list.h"
#include "common/vdso.h"
#include "common/vector.h"
#include "format/cgroup.h"

/* Of a set, in a hierarchy that was not met with it. */
#define NO_GROUP UINT32_MAX

/* One that was met; all of it is in the arena, but for the arrays. */
struct hierarchy {
	const char *controllers;
	const char *own_path; /* cr-dump's */
	Cr__Cgroup **groups;
	size_t groups_count, groups_capacity;
	struct id_map groups_by_path; /* hash -> index */
};

struct set {
	const char *list; /* the text of /proc/TID/cgroup */
	Cr__CgroupSet image;
	bool is_frozen;
};

struct cgroups {
	struct cgroup_mounts mounts;
	struct hierarchy *hierarchies;
	size_t hierarchies_count, hierarchies_capacity;
	struct set **sets; /* by number - 1, in the arena */
	size_t sets_count, sets_capacity;
	struct id_map sets_by_list; /* hash -> index */
	bool has_none;              /* of the kernel */
};

void cgroups_done(struct dump *dump)
{
	struct cgroups *cgroups = dump->cgroups;

	if (!cgroups)
		return;
	for (size_t i = 0; i < cgroups->hierarchies_count; i++) {
		free(cgroups->hierarchies[i].groups);
		id_map_done(&cgroups->hierarchies[i].groups_by_path);
	}
	cgroup_mounts_done(&cgroups->mounts);
	id_map_done(&cgroups->sets_by_list);
	free(cgroups->hierarchies);
	free(cgroups->sets);
	free(cgroups);
	dump->cgroups = NULL;
}

static char *copy_text(struct dump *dump, const struct cursor *text)
{
	return arena_format(&dump->arena, "%.*s", (int)(text->end - text->at), text->at);
}

static struct hierarchy *find_hierarchy(struct cgroups *cgroups, const struct cursor *controllers)
{
	for (size_t i = 0; i < cgroups->hierarchies_count; i++)
		if (cursor_equals(controllers, cgroups->hierarchies[i].controllers))
			return &cgroups->hierarchies[i];
	return NULL;
}

/* The hierarchies are those in which cr-dump is; more may be mounted while it is at work. */
static int note_own(struct dump *dump, struct cgroups *cgroups)
{
	cleanup_free char *list = NULL;
	struct cgroup_line line;
	struct cursor text;
	size_t size;
	int r = file_read_at(AT_FDCWD, "/proc/self/cgroup", CGROUP_LIST_TEXT_MAX, &list, &size);

	cgroups->has_none = r == -ENOENT;
	if (r < 0)
		return cgroups->has_none ? 0 : r;
	text = CURSOR(list, size);
	while ((r = cgroup_list_next(&text, &line)) > 0) {
		struct hierarchy *hierarchy;

		if (find_hierarchy(cgroups, &line.controllers))
			continue;
		if (cgroups->hierarchies_count == CGROUP_HIERARCHIES_MAX)
			return -E2BIG;
		hierarchy = vector_append(cgroups, hierarchies);
		if (!hierarchy)
			return -ENOMEM;
		hierarchy->controllers = copy_text(dump, &line.controllers);
		hierarchy->own_path = copy_text(dump, &line.path);
		if (!hierarchy->controllers || !hierarchy->own_path)
			return -ENOMEM;
	}
	return r;
}

/* Those of cr-dump are noted with the first. */
static int prepare(struct dump *dump)
{
	int r;

	if (dump->cgroups)
		return 0;
	dump->cgroups = calloc(1, sizeof(*dump->cgroups));
	r = dump->cgroups ? note_own(dump, dump->cgroups) : -ENOMEM;
	return r < 0 ? log_error_errno(r, "cannot tell the cgroups of cr-dump") : 0;
}

struct setting_list {
	struct dump *dump;
	Cr__Cgroup *group;
};

static int take_setting(void *context, const char *name, const char *value)
{
	struct setting_list *list = context;
	Cr__Cgroup *group = list->group;
	Cr__CgroupSetting *setting = arena_new(&list->dump->arena, Cr__CgroupSetting);

	if (!setting || group->n_settings == CGROUP_SETTINGS_MAX)
		return -ENOMEM;
	cr__cgroup_setting__init(setting);
	setting->name = arena_string(&list->dump->arena, name);
	setting->value = arena_bytes(&list->dump->arena, value, strlen(value));
	if (!setting->name || (!setting->value.data && setting->value.len > 0))
		return -ENOMEM;
	group->settings[group->n_settings++] = setting;
	return 0;
}

/* Opens the directory of the group. */
static int open_group(struct cgroups *cgroups, const struct hierarchy *hierarchy, const char *path,
		      int *ret_fd)
{
	cleanup_close int root_fd = -EBADF;
	const char *below;
	bool is_read_only;
	int r = cgroup_open_hierarchy(&cgroups->mounts, hierarchy->controllers, path, &root_fd, &below,
				      &is_read_only);

	if (r < 0)
		return r;
	*ret_fd = openat(root_fd, below, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *ret_fd < 0 ? -errno : 0;
}

static int read_group(struct dump *dump, const struct hierarchy *hierarchy, Cr__Cgroup *group)
{
	struct setting_list list = {.dump = dump, .group = group};
	cleanup_close int fd = -EBADF;
	struct stat directory, procs;
	int r = open_group(dump->cgroups, hierarchy, group->path, &fd);

	if (r < 0)
		return r;
	if (fstat(fd, &directory) < 0 || fstatat(fd, "cgroup.procs", &procs, 0) < 0)
		return -errno;
	group->mode = directory.st_mode & 07777;
	group->uid = directory.st_uid;
	group->gid = directory.st_gid;
	group->procs_uid = procs.st_uid;
	group->procs_gid = procs.st_gid;
	group->settings = arena_array(&dump->arena, Cr__CgroupSetting *, CGROUP_SETTINGS_MAX);
	if (!group->settings)
		return -ENOMEM;
	r = cgroup_settings_read(fd, hierarchy->controllers, take_setting, &list);
	group->has_settings = r == 0;
	return r;
}

/* What is not known of it is needed only if it has to be made again. */
static int read_settings(struct dump *dump, const struct hierarchy *hierarchy, Cr__Cgroup *group)
{
	int r = read_group(dump, hierarchy, group);

	if (r == -ENOMEM)
		return r;
	if (r == -ENOENT)
		log_notice("what is set for its cgroup '%s' (%s) is not saved: that hierarchy is not mounted "
			   "here",
			   group->path, cgroup_hierarchy_name(hierarchy->controllers));
	else if (r < 0)
		log_notice("what is set for its cgroup '%s' (%s) is not saved: %s", group->path,
			   cgroup_hierarchy_name(hierarchy->controllers), strerror(-r));
	return 0;
}

static int note_group(struct dump *dump, struct hierarchy *hierarchy, const char *path, uint32_t *ret_index);

/* Those above it come first. */
static int note_parent(struct dump *dump, struct hierarchy *hierarchy, Cr__Cgroup *group)
{
	size_t size = (size_t)(strrchr(group->path, '/') - group->path);
	char *path = arena_format(&dump->arena, "%.*s", (int)MAX(size, (size_t)1), group->path);
	uint32_t index = 0;
	int r = path ? note_group(dump, hierarchy, path, &index) : -ENOMEM;

	group->parent = index + 1;
	return r;
}

/* One of cr-dump's, which is noted only if a task is in it, stands for itself. */
static int note_group(struct dump *dump, struct hierarchy *hierarchy, const char *path, uint32_t *ret_index)
{
	uint64_t hash = fnv1a_hash(path, strlen(path)), index = 0;
	Cr__Cgroup *group, **slot;
	int r;

	for (bool is_there = id_map_get(&hierarchy->groups_by_path, hash, &index); is_there;
	     is_there = id_map_get(&hierarchy->groups_by_path, ++hash, &index)) {
		if (strcmp(hierarchy->groups[index]->path, path) == 0) {
			*ret_index = (uint32_t)index;
			return 0;
		}
	}
	group = arena_new(&dump->arena, Cr__Cgroup);
	if (!group)
		return -ENOMEM;
	cr__cgroup__init(group);
	group->path = arena_string(&dump->arena, path);
	if (!group->path)
		return -ENOMEM;
	group->is_of_dumper = strcmp(path, hierarchy->own_path) == 0;
	if (!group->is_of_dumper && strcmp(path, "/") != 0) {
		r = note_parent(dump, hierarchy, group);
		if (r == 0)
			r = read_settings(dump, hierarchy, group);
		if (r < 0)
			return r;
	}
	slot = vector_append(hierarchy, groups);
	if (!slot || id_map_set(&hierarchy->groups_by_path, hash, hierarchy->groups_count - 1) < 0)
		return -ENOMEM;
	*slot = group;
	*ret_index = (uint32_t)(hierarchy->groups_count - 1);
	return hierarchy->groups_count > CGROUP_GROUPS_MAX ? -E2BIG : 0;
}

static void refuse_frozen(struct dump *dump, const struct hierarchy *hierarchy, int frozen_fd)
{
	cleanup_free char *link = string_format("/proc/self/fd/%d", frozen_fd);
	cleanup_free char *path = NULL;
	bool is_v2 = !hierarchy->controllers[0];

	if (!link || file_readlink_at(AT_FDCWD, link, &path) < 0)
		path = NULL;
	blockers_add(
		&dump->blockers,
		"is frozen with the cgroup '%s', so that it cannot be asked anything: thaw that first: echo "
		"%s >%s/%s",
		path ?: "?", is_v2 ? "0" : "THAWED", path ?: "", is_v2 ? "cgroup.freeze" : "freezer.state");
}

/* A group of ours is not, or we were. */
static int check_frozen(struct dump *dump, const struct hierarchy *hierarchy, const char *path,
			bool *is_frozen)
{
	bool is_v2 = !hierarchy->controllers[0];
	cleanup_close int fd = -EBADF, frozen_fd = -EBADF;
	int r;

	if (!(is_v2 || strstr(hierarchy->controllers, "freezer")) || strcmp(path, "/") == 0)
		return 0;
	r = open_group(dump->cgroups, hierarchy, path, &fd);
	if (r == 0)
		r = cgroup_find_frozen(fd, is_v2, &frozen_fd);
	if (r > 0)
		refuse_frozen(dump, hierarchy, frozen_fd);
	*is_frozen |= r > 0;
	return r == -ENOMEM ? r : 0;
}

/* Of a group outside of our cgroup namespace only the way to it is known. */
static void check_namespace(struct dump *dump, const struct hierarchy *hierarchy, const char *path)
{
	if (!cgroup_path_is_plain(path))
		blockers_add(&dump->blockers,
			     "is in the cgroup '%s' (%s), which is outside of the root of its cgroup "
			     "namespace and "
			     "so has no name here: move it into one below",
			     path, cgroup_hierarchy_name(hierarchy->controllers));
}

static int note_line(struct dump *dump, struct set *set, const struct cgroup_line *line)
{
	struct hierarchy *hierarchy = find_hierarchy(dump->cgroups, &line->controllers);
	cleanup_free char *path = strndup(line->path.at, (size_t)(line->path.end - line->path.at));
	int r = path ? 0 : -ENOMEM;

	if (r == 0 && !hierarchy)
		r = note_own(dump, dump->cgroups);
	if (r < 0)
		return r;
	hierarchy = find_hierarchy(dump->cgroups, &line->controllers);
	if (!hierarchy) /* it has come, and gone again */
		return 0;
	if (strcmp(path, hierarchy->own_path) != 0) {
		check_namespace(dump, hierarchy, path);
		r = check_frozen(dump, hierarchy, path, &set->is_frozen);
	}
	return r < 0 ? r
		     : note_group(dump, hierarchy, path,
				  &set->image.groups[hierarchy - dump->cgroups->hierarchies]);
}

static int make_set(struct dump *dump, const struct cursor *list, struct set **ret_set)
{
	struct cgroups *cgroups = dump->cgroups;
	struct set *set = arena_new(&dump->arena, struct set), **slot;
	struct cursor text = *list;
	struct cgroup_line line;
	int r;

	if (!set)
		return -ENOMEM;
	cr__cgroup_set__init(&set->image);
	set->list = copy_text(dump, list);
	set->image.groups = arena_array(&dump->arena, uint32_t, CGROUP_HIERARCHIES_MAX);
	if (!set->list || !set->image.groups)
		return -ENOMEM;
	for (size_t i = 0; i < CGROUP_HIERARCHIES_MAX; i++)
		set->image.groups[i] = NO_GROUP;
	while ((r = cgroup_list_next(&text, &line)) > 0) {
		r = note_line(dump, set, &line);
		if (r < 0)
			return r;
	}
	slot = r < 0 ? NULL : vector_append(cgroups, sets);
	if (r < 0 || !slot)
		return r < 0 ? r : -ENOMEM;
	*slot = *ret_set = set;
	return cgroups->sets_count > CGROUP_SETS_MAX ? -E2BIG : 0;
}

static int find_set(struct dump *dump, const struct cursor *list, uint32_t *ret_number)
{
	struct cgroups *cgroups = dump->cgroups;
	size_t size = (size_t)(list->end - list->at);
	uint64_t hash = fnv1a_hash(list->at, size), index = 0;
	struct set *set;
	int r;

	for (bool is_there = id_map_get(&cgroups->sets_by_list, hash, &index); is_there;
	     is_there = id_map_get(&cgroups->sets_by_list, ++hash, &index)) {
		if (strcmp(cgroups->sets[index]->list, list->at) == 0) {
			*ret_number = (uint32_t)index + 1;
			return cgroups->sets[index]->is_frozen;
		}
	}
	r = make_set(dump, list, &set);
	if (r == 0)
		r = id_map_set(&cgroups->sets_by_list, hash, cgroups->sets_count - 1);
	if (r < 0)
		return r;
	*ret_number = (uint32_t)cgroups->sets_count;
	return set->is_frozen;
}

int cgroups_note(struct dump *dump, int proc_fd, uint32_t *ret_set)
{
	cleanup_free char *list = NULL;
	struct cursor text;
	size_t size;
	int r = prepare(dump);

	*ret_set = 0;
	if (r < 0 || dump->cgroups->has_none)
		return r;
	r = file_read_at(proc_fd, "cgroup", CGROUP_LIST_TEXT_MAX, &list, &size);
	if (r == 0) {
		text = CURSOR(list, size);
		r = find_set(dump, &text, ret_set);
	}
	return r < 0 ? log_error_errno(r, "cannot tell its cgroups") : r;
}

/* In a hierarchy that was mounted, or has gone, while cr-dump was at work, tasks are where cr-dump is. */
static int complete_set(struct dump *dump, Cr__CgroupSet *set)
{
	struct cgroups *cgroups = dump->cgroups;
	int r = 0;

	for (size_t i = 0; r == 0 && i < cgroups->hierarchies_count; i++)
		if (set->groups[i] == NO_GROUP)
			r = note_group(dump, &cgroups->hierarchies[i], cgroups->hierarchies[i].own_path,
				       &set->groups[i]);
	set->n_groups = cgroups->hierarchies_count;
	return r;
}

static int collect_hierarchy(struct dump *dump, struct hierarchy *hierarchy, Cr__CgroupHierarchy *image)
{
	cr__cgroup_hierarchy__init(image);
	image->controllers = arena_string(&dump->arena, hierarchy->controllers);
	image->groups = arena_array(&dump->arena, Cr__Cgroup *, hierarchy->groups_count + 1);
	if (!image->controllers || !image->groups)
		return -ENOMEM;
	for (size_t i = 0; i < hierarchy->groups_count; i++)
		image->groups[i] = hierarchy->groups[i];
	image->n_groups = hierarchy->groups_count;
	return 0;
}

static int collect(struct dump *dump, struct cgroups *cgroups, Cr__Cgroups *image)
{
	Cr__CgroupHierarchy *hierarchies =
		arena_array(&dump->arena, Cr__CgroupHierarchy, cgroups->hierarchies_count + 1);

	cr__cgroups__init(image);
	image->hierarchies = arena_array(&dump->arena, Cr__CgroupHierarchy *, cgroups->hierarchies_count + 1);
	image->sets = arena_array(&dump->arena, Cr__CgroupSet *, cgroups->sets_count + 1);
	if (!hierarchies || !image->hierarchies || !image->sets)
		return -ENOMEM;
	for (size_t i = 0; i < cgroups->sets_count; i++) {
		int r = complete_set(dump, &cgroups->sets[i]->image);

		if (r < 0)
			return r;
		image->sets[image->n_sets++] = &cgroups->sets[i]->image;
	}
	for (size_t i = 0; i < cgroups->hierarchies_count; i++) {
		int r = collect_hierarchy(dump, &cgroups->hierarchies[i], &hierarchies[i]);

		if (r < 0)
			return r;
		image->hierarchies[image->n_hierarchies++] = &hierarchies[i];
	}
	dump->manifest->cgroups = image;
	return 0;
}

int cgroups_collect(struct dump *dump)
{
	Cr__Cgroups *image;
	int r;

	if (!dump->cgroups || dump->cgroups->has_none)
		return 0;
	image = arena_new(&dump->arena, Cr__Cgroups);
	r = image ? collect(dump, dump->cgroups, image) : -ENOMEM;
	return r < 0 ? log_error_errno(r, "cannot describe the cgroups") : 0;
}
