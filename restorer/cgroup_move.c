/* SPDX-License-Identifier: MIT */
/* Moves tasks into their cgroups. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/printable.h"
#include "restorer/cgroups.h"

enum who { A_PROCESS, A_THREAD };

/* Where tasks of the set are: the group of the archive, or for all others that of cr-restore. */
static struct restored_cgroup *find_group(const struct cgroups *cgroups, struct restored_hierarchy *hierarchy,
					  uint32_t set, const char **ret_path)
{
	size_t h = (size_t)(hierarchy - cgroups->hierarchies);
	size_t index = set == 0 ? 0 : cgroups->image->sets[set - 1]->groups[h];

	if (set == 0 || hierarchy->groups[index].state != CGROUP_THERE) {
		*ret_path = hierarchy->own_path;
		return &hierarchy->own;
	}
	*ret_path = hierarchy->image->groups[index]->path;
	return &hierarchy->groups[index];
}

static int open_own(struct cgroups *cgroups, struct restored_hierarchy *hierarchy)
{
	cleanup_close int root_fd = -EBADF;
	const char *below;
	bool is_read_only;
	int r;

	if (hierarchy->own.directory_fd >= 0)
		return 0;
	r = cgroup_open_hierarchy(&cgroups->mounts, hierarchy->image->controllers, hierarchy->own_path,
				  &root_fd, &below, &is_read_only);
	if (r < 0)
		return r;
	hierarchy->own.directory_fd = openat(root_fd, below, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return hierarchy->own.directory_fd < 0 ? -errno : 0;
}

static int write_id(struct restored_cgroup *group, bool is_v2, enum who who, pid_t id)
{
	int *fd = who == A_PROCESS ? &group->procs_fd : &group->threads_fd;
	const char *name = who == A_PROCESS ? "cgroup.procs" : is_v2 ? "cgroup.threads" : "tasks";
	char text[16];
	int length = snprintf(text, sizeof(text), "%d", (int)id);

	if (*fd < 0)
		*fd = openat(group->directory_fd, name, O_WRONLY | O_CLOEXEC);
	if (*fd < 0)
		return -errno;
	return write(*fd, text, (size_t)length) < 0 ? -errno : 0;
}

static const char *explain(int error, bool is_v2)
{
	if (error == -ENOSPC)
		return "; no CPU or memory node is set for it (cpuset.cpus, cpuset.mems)";
	if (error == -EBUSY && is_v2)
		return "; there are groups below it that have controllers (cgroup.subtree_control)";
	if (error == -EOPNOTSUPP && is_v2)
		return "; its type does not allow that (cgroup.type)";
	return "";
}

/* Told once for each group; the task stays where it was made. */
static int explain_failure(const struct restore *restore, const struct restored_hierarchy *hierarchy,
			   struct restored_cgroup *group, const char *path, int error)
{
	bool is_strict = restore->options->cgroup_mode == CGROUP_MODE_STRICT;
	char shown[PRINTABLE_SIZE];

	printable(path, shown, sizeof(shown));
	if (is_strict)
		return log_error_errno(error, "cannot move it into its cgroup '%s' (%s)%s", shown,
				       cgroup_hierarchy_name(hierarchy->image->controllers),
				       explain(error, !hierarchy->image->controllers[0]));
	if (!group->has_failed)
		log_warning("cannot move it into its cgroup '%s' (%s): %s%s", shown,
			    cgroup_hierarchy_name(hierarchy->image->controllers), strerror(-error),
			    explain(error, !hierarchy->image->controllers[0]));
	group->has_failed = true;
	return 0;
}

int cgroups_unified_directory(const struct restore *restore, uint32_t set)
{
	const struct cgroups *cgroups = restore->cgroups;

	for (size_t h = 0; cgroups && set != 0 && h < cgroups->hierarchies_count; h++) {
		const struct restored_hierarchy *hierarchy = &cgroups->hierarchies[h];

		if (!hierarchy->image->controllers[0])
			return hierarchy->groups[cgroups->image->sets[set - 1]->groups[h]].directory_fd;
	}
	return -EBADF;
}

static int move(struct restore *restore, enum who who, pid_t id, uint32_t from, uint32_t to,
		bool is_in_unified)
{
	struct cgroups *cgroups = restore->cgroups;

	if (!cgroups || from == to)
		return 0;
	for (size_t h = 0; h < cgroups->hierarchies_count; h++) {
		struct restored_hierarchy *hierarchy = &cgroups->hierarchies[h];
		const char *from_path, *to_path;
		struct restored_cgroup *from_group = find_group(cgroups, hierarchy, from, &from_path);
		struct restored_cgroup *to_group = find_group(cgroups, hierarchy, to, &to_path);
		int r;

		if (from_group == to_group || (is_in_unified && !hierarchy->image->controllers[0]))
			continue;
		r = to_group == &hierarchy->own ? open_own(cgroups, hierarchy) : 0;
		if (r == 0)
			r = write_id(to_group, !hierarchy->image->controllers[0], who, id);
		if (r == -ENOMEM)
			return log_error_errno(r, "cannot move it into its cgroups");
		if (r < 0)
			r = explain_failure(restore, hierarchy, to_group, to_path, r);
		if (r < 0)
			return r;
	}
	return 0;
}

int cgroups_move_process(struct restore *restore, pid_t pid, uint32_t from, uint32_t to, bool is_in_unified)
{
	return move(restore, A_PROCESS, pid, from, to, is_in_unified);
}

int cgroups_move_thread(struct restore *restore, pid_t tid, uint32_t from, uint32_t to)
{
	return move(restore, A_THREAD, tid, from, to, false);
}

int cgroups_move_self(struct restore *restore)
{
	return move(restore, A_PROCESS, 0, 0, restore->tasks[0].cgroup_set, false);
}
