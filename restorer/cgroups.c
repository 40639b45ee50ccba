/* SPDX-License-Identifier: MIT */
/* Which cgroups of the program are there, and which are to be made. */
#include "restorer/cgroups.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/log.h"
#include "common/printable.h"
#include "common/proc/cgroup_list.h"
#include "format/cgroup.h"

#define LIMIT_SIZE_MAX 64

static const struct restored_cgroup cgroup_unknown = {
	.directory_fd = -EBADF, .procs_fd = -EBADF, .threads_fd = -EBADF};

static int cgroups_new(struct restore *restore, struct cgroups **ret)
{
	const Cr__Cgroups *image = restore->manifest->cgroups;
	struct cgroups *cgroups = restore->cgroups = calloc(1, sizeof(*cgroups));

	if (!cgroups)
		return -ENOMEM;
	cgroups->image = image;
	cgroups->hierarchies = calloc(image->n_hierarchies + 1, sizeof(*cgroups->hierarchies));
	if (!cgroups->hierarchies)
		return -ENOMEM;
	for (size_t h = 0; h < image->n_hierarchies; h++) {
		struct restored_hierarchy *hierarchy = &cgroups->hierarchies[h];

		hierarchy->image = image->hierarchies[h];
		hierarchy->own = cgroup_unknown;
		hierarchy->groups = calloc(hierarchy->image->n_groups + 1, sizeof(*hierarchy->groups));
		if (!hierarchy->groups)
			return -ENOMEM;
		cgroups->hierarchies_count++;
		for (size_t i = 0; i < hierarchy->image->n_groups; i++)
			hierarchy->groups[i] = cgroup_unknown;
	}
	*ret = cgroups;
	return 0;
}

static int note_own(struct cgroups *cgroups)
{
	cleanup_free char *list = NULL;
	struct cgroup_line line;
	struct cursor text;
	size_t size;
	int r = file_read_at(AT_FDCWD, "/proc/self/cgroup", CGROUP_LIST_TEXT_MAX, &list, &size);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	text = CURSOR(list, size);
	while ((r = cgroup_list_next(&text, &line)) > 0)
		for (size_t h = 0; h < cgroups->hierarchies_count; h++) {
			struct restored_hierarchy *hierarchy = &cgroups->hierarchies[h];

			if (hierarchy->own_path ||
			    !cursor_equals(&line.controllers, hierarchy->image->controllers))
				continue;
			hierarchy->own_path = strndup(line.path.at, (size_t)(line.path.end - line.path.at));
			if (!hierarchy->own_path)
				return -ENOMEM;
		}
	return r;
}

/* Each thread counts in its groups and all above them. */
static void count_thread(struct cgroups *cgroups, uint32_t set)
{
	for (size_t h = 0; set != 0 && h < cgroups->hierarchies_count; h++) {
		struct restored_hierarchy *hierarchy = &cgroups->hierarchies[h];
		size_t index = cgroups->image->sets[set - 1]->groups[h];

		hierarchy->groups[index].state = CGROUP_OWN;
		for (;;) {
			hierarchy->groups[index].tasks_count++;
			if (hierarchy->image->groups[index]->parent == 0)
				break;
			index = hierarchy->image->groups[index]->parent - 1;
		}
	}
}

/* What is said of a group that the program cannot have: a refusal only if it was asked for. */
#define tell_unmanaged(restore, hierarchy, path, format, ...)                                                \
	do {                                                                                                 \
		char shown_[PRINTABLE_SIZE];                                                                 \
		const char *where_ = cgroup_hierarchy_name((hierarchy)->image->controllers);                 \
		printable(path, shown_, sizeof(shown_));                                                     \
		if ((restore)->options->cgroup_mode == CGROUP_MODE_STRICT)                                   \
			blockers_add(&(restore)->blockers, "its cgroup '%s' (%s) " format, shown_, where_,   \
				     ##__VA_ARGS__);                                                         \
		else                                                                                         \
			log_notice("its cgroup '%s' (%s) " format                                            \
				   ": the program stays in that of cr-restore",                              \
				   shown_, where_, ##__VA_ARGS__);                                           \
	} while (0)

/* A limit that is there, less what is taken; false: there is none. */
static bool read_room(int directory_fd, uint64_t *ret_limit, uint64_t *ret_current)
{
	cleanup_free char *limit = NULL, *current = NULL;

	if (file_read_at(directory_fd, "pids.max", LIMIT_SIZE_MAX, &limit, NULL) < 0 ||
	    file_read_at(directory_fd, "pids.current", LIMIT_SIZE_MAX, &current, NULL) < 0)
		return false;
	*ret_current = strtoull(current, NULL, 10);
	return sscanf(limit, "%" SCNu64, ret_limit) == 1;
}

static void check_room(struct restore *restore, const char *path, const struct restored_cgroup *group,
		       int directory_fd)
{
	uint64_t limit, current;

	if (read_room(directory_fd, &limit, &current) && current + group->tasks_count > limit)
		blockers_add(&restore->blockers,
			     "the cgroup '%s' may have %" PRIu64 " tasks (pids.max) and has %" PRIu64
			     ": there is no room for the %zu of the program",
			     path, limit, current, group->tasks_count);
}

/* A process that is moved into it would never run. */
static int check_frozen(struct restore *restore, const struct restored_hierarchy *hierarchy, const char *path,
			int directory_fd)
{
	bool is_v2 = !hierarchy->image->controllers[0];
	cleanup_close int frozen_fd = -EBADF;
	int r = is_v2 || strstr(hierarchy->image->controllers, "freezer")
			? cgroup_find_frozen(directory_fd, is_v2, &frozen_fd)
			: 0;

	if (r > 0)
		blockers_add(&restore->blockers,
			     "the cgroup '%s' (%s), in which it was, is frozen: thaw it first (%s)", path,
			     cgroup_hierarchy_name(hierarchy->image->controllers),
			     is_v2 ? "cgroup.freeze" : "freezer.state");
	return MIN(r, 0);
}

int cgroups_open_nearest(const struct restored_hierarchy *hierarchy, struct cgroup_mounts *mounts,
			 size_t index, int *ret_fd, size_t *ret_index, bool *ret_is_read_only)
{
	cleanup_close int root_fd = -EBADF;
	const char *below;
	int r = cgroup_open_hierarchy(mounts, hierarchy->image->controllers,
				      hierarchy->image->groups[index]->path, &root_fd, &below,
				      ret_is_read_only);
	cleanup_free char *path = r < 0 ? NULL : strdup(below);

	if (r < 0 || !path)
		return r < 0 ? r : -ENOMEM;
	for (;;) {
		size_t parent = hierarchy->image->groups[index]->parent;
		char *slash = strrchr(path, '/');

		*ret_fd = openat(root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		*ret_index = index;
		if (*ret_fd >= 0)
			return 0;
		if (errno != ENOENT || parent == 0 || strcmp(path, ".") == 0)
			return errno == ENOENT ? -ESRCH : -errno;
		index = parent - 1;
		if (slash)
			*slash = '\0';
		else
			strcpy(path, ".");
	}
}

/* It is to be made, below the group of index NEAREST. */
static int plan_missing(struct restore *restore, struct restored_hierarchy *hierarchy, size_t index,
			size_t nearest)
{
	const Cr__Cgroup *group = hierarchy->image->groups[index];
	size_t settings_count = 0;
	char path[PRINTABLE_SIZE];

	for (size_t at = index; at != nearest; at = hierarchy->image->groups[at]->parent - 1) {
		settings_count += hierarchy->image->groups[at]->n_settings;
		if (!hierarchy->image->groups[at]->has_settings ||
		    restore->options->cgroup_mode == CGROUP_MODE_STRICT) {
			tell_unmanaged(restore, hierarchy, group->path, "is not there%s",
				       restore->options->cgroup_mode == CGROUP_MODE_STRICT
					       ? ""
					       : ", and what was set for it is not known");
			return 0;
		}
	}
	hierarchy->groups[index].state = CGROUP_MISSING;
	log_notice("its cgroup '%s' (%s) is not there: it is made, with its settings (%zu)",
		   printable(group->path, path, sizeof(path)),
		   cgroup_hierarchy_name(hierarchy->image->controllers), settings_count);
	return 0;
}

static int plan_group(struct restore *restore, struct restored_hierarchy *hierarchy, size_t index)
{
	const Cr__Cgroup *image = hierarchy->image->groups[index];
	struct restored_cgroup *group = &hierarchy->groups[index];
	cleanup_close int fd = -EBADF;
	char path[PRINTABLE_SIZE];
	bool is_read_only;
	size_t nearest;
	int r;

	if (!hierarchy->own_path) {
		tell_unmanaged(restore, hierarchy, image->path, "is in a hierarchy that is not here");
		return 0;
	}
	if (strcmp(hierarchy->own_path, image->path) == 0)
		return 0;
	r = cgroups_open_nearest(hierarchy, &restore->cgroups->mounts, index, &fd, &nearest, &is_read_only);
	if (r == -ENOMEM)
		return r;
	if (r == -ENOENT)
		tell_unmanaged(restore, hierarchy, image->path,
			       "cannot be reached, for that is not mounted here");
	else if (r == -ESRCH)
		tell_unmanaged(restore, hierarchy, image->path, "is not there, nor what was above it");
	else if (r < 0)
		tell_unmanaged(restore, hierarchy, image->path, "cannot be opened (%s)", strerror(-r));
	if (r < 0)
		return 0;
	if (is_read_only || faccessat(fd, "cgroup.procs", W_OK, AT_EACCESS) < 0) {
		tell_unmanaged(restore, hierarchy, image->path, "cannot be joined (%s)",
			       strerror(is_read_only ? EROFS : errno));
		return 0;
	}
	printable(hierarchy->image->groups[nearest]->path, path, sizeof(path));
	r = check_frozen(restore, hierarchy, path, fd);
	if (r < 0 || nearest != index)
		return r < 0 ? r : plan_missing(restore, hierarchy, index, nearest);
	check_room(restore, path, group, fd);
	group->state = CGROUP_THERE;
	group->directory_fd = take_fd(&fd);
	return 0;
}

/* Which of cr-restore's groups stand for those of cr-dump, if they are called otherwise. */
static int tell_own(const struct cgroups *cgroups)
{
	cleanup_free char *text = NULL;
	char was[PRINTABLE_SIZE], is[PRINTABLE_SIZE];

	for (size_t h = 0; h < cgroups->hierarchies_count; h++) {
		const struct restored_hierarchy *hierarchy = &cgroups->hierarchies[h];

		for (size_t i = 0; hierarchy->own_path && i < hierarchy->image->n_groups; i++) {
			const Cr__Cgroup *group = hierarchy->image->groups[i];
			char *longer;

			if (!group->is_of_dumper || hierarchy->groups[i].state != CGROUP_OWN ||
			    strcmp(group->path, hierarchy->own_path) == 0)
				continue;
			longer = string_format("%s%s'%s', not '%s' (%s)", text ?: "", text ? ", " : "",
					       printable(hierarchy->own_path, is, sizeof(is)),
					       printable(group->path, was, sizeof(was)),
					       cgroup_hierarchy_name(hierarchy->image->controllers));
			free(text);
			text = longer;
			if (!text)
				return -ENOMEM;
		}
	}
	if (text)
		log_notice("the program shared cgroups of cr-dump, and shares those of cr-restore: %s", text);
	return 0;
}

static void count_threads(struct restore *restore)
{
	for (size_t i = 0; i < restore->tasks_count; i++)
		for (size_t k = 0; k < restore->tasks[i].image->n_threads; k++)
			count_thread(restore->cgroups, restore->tasks[i].image->threads[k]->cgroup_set);
}

static int plan(struct restore *restore)
{
	bool is_strict = restore->options->cgroup_mode == CGROUP_MODE_STRICT;
	struct cgroups *cgroups;
	int r = cgroups_new(restore, &cgroups);

	if (r == 0)
		r = note_own(cgroups);
	if (r < 0)
		return r;
	count_threads(restore);
	for (size_t h = 0; h < cgroups->hierarchies_count; h++) {
		struct restored_hierarchy *hierarchy = &cgroups->hierarchies[h];

		for (size_t i = 0; r == 0 && i < hierarchy->image->n_groups; i++)
			if (hierarchy->groups[i].state != CGROUP_UNUSED &&
			    (is_strict || !hierarchy->image->groups[i]->is_of_dumper))
				r = plan_group(restore, hierarchy, i);
	}
	return r < 0 || is_strict ? r : tell_own(cgroups);
}

int cgroups_preflight(struct restore *restore)
{
	int r;

	if (!restore->manifest->cgroups || restore->options->cgroup_mode == CGROUP_MODE_NONE)
		return 0;
	r = plan(restore);
	return r < 0 ? log_error_errno(r, "cannot look for the cgroups of the program") : 0;
}

static void group_done(struct restored_cgroup *group)
{
	close_fd(&group->directory_fd);
	close_fd(&group->procs_fd);
	close_fd(&group->threads_fd);
}

static void hierarchy_done(struct restored_hierarchy *hierarchy)
{
	for (size_t i = 0; i < hierarchy->image->n_groups; i++)
		group_done(&hierarchy->groups[i]);
	group_done(&hierarchy->own);
	free(hierarchy->groups);
	free(hierarchy->own_path);
}

/* Those below are removed first. */
void cgroups_done(struct restore *restore)
{
	struct cgroups *cgroups = restore->cgroups;

	if (!cgroups)
		return;
	for (size_t i = cgroups->made_count; i-- > 0;) {
		if (!restore->is_done &&
		    unlinkat(cgroups->made[i].parent_fd, cgroups->made[i].name, AT_REMOVEDIR) < 0)
			log_warning("cannot remove the cgroup '%s', which was made for the restore: %s",
				    cgroups->made[i].name, strerror(errno));
		close_fd(&cgroups->made[i].parent_fd);
		free(cgroups->made[i].name);
	}
	for (size_t h = 0; h < cgroups->hierarchies_count; h++)
		hierarchy_done(&cgroups->hierarchies[h]);
	cgroup_mounts_done(&cgroups->mounts);
	free(cgroups->hierarchies);
	free(cgroups->made);
	free(cgroups);
	restore->cgroups = NULL;
}
