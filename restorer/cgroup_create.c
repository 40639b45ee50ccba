/* SPDX-License-Identifier: MIT */
/* Makes the cgroups that are missing. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cgroup_settings.h"
#include "common/cleanup.h"
#include "common/log.h"
#include "common/printable.h"
#include "common/vector.h"
#include "restorer/cgroups.h"

/* It may be missing in another kernel, or not be permitted here: the group is there then, without it. */
static void set_all(const struct restored_hierarchy *hierarchy, const Cr__Cgroup *group, int fd)
{
	for (size_t i = 0; i < group->n_settings; i++) {
		const Cr__CgroupSetting *setting = group->settings[i];
		cleanup_free char *value = strndup((const char *)setting->value.data, setting->value.len);
		char path[PRINTABLE_SIZE], name[PRINTABLE_SIZE], shown[PRINTABLE_SIZE];
		int r = value ? cgroup_setting_write(fd, hierarchy->image->controllers, setting->name, value)
			      : -ENOMEM;

		if (r < 0)
			log_warning("cgroup '%s' (%s): cannot set %s to '%s': %s",
				    printable(group->path, path, sizeof(path)),
				    cgroup_hierarchy_name(hierarchy->image->controllers),
				    printable(setting->name, name, sizeof(name)),
				    printable(value ?: "", shown, sizeof(shown)), strerror(-r));
	}
}

static int change_owner(int fd, const char *path, uint32_t uid, uint32_t gid)
{
	struct stat st;

	if (fstatat(fd, path, &st, 0) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (st.st_uid == uid && st.st_gid == gid)
		return 0;
	return fchownat(fd, path, uid, gid, 0) < 0 ? -errno : 0;
}

/* Whoever it was delegated to may move processes and make groups below it again (cgroups(7)). */
static void give(const struct restored_hierarchy *hierarchy, const Cr__Cgroup *group, int fd)
{
	static const char *const delegated[] = {"cgroup.procs", "tasks", "cgroup.threads",
						"cgroup.subtree_control"};
	char path[PRINTABLE_SIZE];
	int r = fchmod(fd, group->mode) < 0 ? -errno : change_owner(fd, ".", group->uid, group->gid);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(delegated); i++)
		r = change_owner(fd, delegated[i], group->procs_uid, group->procs_gid);
	if (r < 0)
		log_warning("cgroup '%s' (%s): cannot give it the owner and mode that it had: %s",
			    printable(group->path, path, sizeof(path)),
			    cgroup_hierarchy_name(hierarchy->image->controllers), strerror(-r));
}

static int note_made(struct cgroups *cgroups, int parent_fd, const char *name)
{
	struct made_cgroup *made = vector_append(cgroups, made);

	if (!made)
		return -ENOMEM;
	*made = (struct made_cgroup){.parent_fd = fcntl(parent_fd, F_DUPFD_CLOEXEC, 0), .name = strdup(name)};
	if (made->parent_fd >= 0 && made->name)
		return 0;
	free(made->name);
	close_fd(&made->parent_fd);
	cgroups->made_count--;
	return -ENOMEM;
}

/* Its settings are made before anybody is in it, and before there are groups below it. One that is there all
 * the same is of somebody who has set what there is to set. */
static int make_directory(struct cgroups *cgroups, const struct restored_hierarchy *hierarchy,
			  const Cr__Cgroup *group, int parent_fd, int *ret_fd)
{
	const char *name = strrchr(group->path, '/') + 1;
	bool is_new = mkdirat(parent_fd, name, 0755) == 0;
	int fd, r = 0;

	if (!is_new && errno != EEXIST)
		return -errno;
	r = is_new ? note_made(cgroups, parent_fd, name) : 0;
	if (r < 0) {
		(void)unlinkat(parent_fd, name, AT_REMOVEDIR);
		return r;
	}
	fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	if (is_new) {
		set_all(hierarchy, group, fd);
		give(hierarchy, group, fd);
	}
	*ret_fd = fd;
	return 0;
}

/* With all above it that is missing. */
static int make_group(struct cgroups *cgroups, struct restored_hierarchy *hierarchy, size_t index)
{
	cleanup_free size_t *chain = calloc(hierarchy->image->n_groups, sizeof(*chain));
	cleanup_close int fd = -EBADF;
	size_t nearest, count = 0;
	bool is_read_only;
	int r = chain ? cgroups_open_nearest(hierarchy, &cgroups->mounts, index, &fd, &nearest, &is_read_only)
		      : -ENOMEM;

	if (r < 0)
		return r;
	for (size_t at = index; at != nearest; at = hierarchy->image->groups[at]->parent - 1)
		chain[count++] = at;
	while (count > 0) {
		int below = -EBADF;

		r = make_directory(cgroups, hierarchy, hierarchy->image->groups[chain[--count]], fd, &below);
		if (r < 0)
			return r;
		close_fd(&fd);
		fd = below;
	}
	hierarchy->groups[index].directory_fd = take_fd(&fd);
	hierarchy->groups[index].state = CGROUP_THERE;
	return 0;
}

int cgroups_create(struct restore *restore)
{
	struct cgroups *cgroups = restore->cgroups;

	for (size_t h = 0; cgroups && h < cgroups->hierarchies_count; h++) {
		struct restored_hierarchy *hierarchy = &cgroups->hierarchies[h];

		for (size_t i = 0; i < hierarchy->image->n_groups; i++) {
			char path[PRINTABLE_SIZE];
			int r;

			if (hierarchy->groups[i].state != CGROUP_MISSING)
				continue;
			r = make_group(cgroups, hierarchy, i);
			if (r == -ENOMEM)
				return log_error_errno(r, "cannot make cgroups");
			if (r == 0)
				continue;
			log_warning("cannot make the cgroup '%s' (%s): %s; the program stays in that of "
				    "cr-restore",
				    printable(hierarchy->image->groups[i]->path, path, sizeof(path)),
				    cgroup_hierarchy_name(hierarchy->image->controllers), strerror(-r));
			hierarchy->groups[i].state = CGROUP_OWN;
		}
	}
	return 0;
}
