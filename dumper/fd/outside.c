/* SPDX-License-Identifier: MIT */
/* Compares the descriptors of other processes with those of the tree. */
#include "dumper/fd/outside.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "dumper/fd/open_files.h"
#include "dumper/holders.h"

int outside_want(struct dump *dump, const struct fd_dumper *kind)
{
	struct fd_object object = fd_object_anonymous(kind->inside_only_name);

	return holders_want(dump, &object);
}

static bool has_any(const struct dump *dump, const struct fd_dumper *kind)
{
	for (size_t i = 0; i < dump->open_files_count; i++)
		if (dump->open_files[i]->kind == kind)
			return true;
	return false;
}

/* Which one a descriptor is of: some anonymous types have an inode for each, others have all the same. */
static int identify(const struct fd_holder *holder, struct open_file_key *ret_key)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)holder->pid, holder->fd);
	if (stat(path, &st) < 0)
		return -errno;
	*ret_key = (struct open_file_key){holder->pid, holder->fd, st.st_dev, st.st_ino, NULL};
	return 0;
}

static void report(struct dump *dump, const struct open_file *file, const struct fd_holder *holder)
{
	OPEN_FILE_LOG_SCOPE(file);
	blockers_add(
		&dump->blockers,
		"its %s is shared with %s, which is not part of the dump: end that process, or start the "
		"program without the descriptor",
		file->kind->name, holders_describe(dump, holder, 1));
}

int outside_check(struct dump *dump, const struct fd_dumper *kind)
{
	struct fd_object object = fd_object_anonymous(kind->inside_only_name);
	cleanup_(id_map_done) struct id_map reported = {0};
	const struct fd_holder *holders;
	size_t count = 0;
	int r = has_any(dump, kind) ? holders_find(dump, &object, &holders, &count) : 0;

	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++) {
		struct open_file_key key;
		uint32_t id = 0;

		/* It may have gone meanwhile, which is as well. The first holder is enough. */
		if (identify(&holders[i], &key) < 0 || open_files_find(dump, &key, &id) < 0 || id == 0 ||
		    id_map_get(&reported, id, NULL))
			continue;
		if (id_map_set(&reported, id, 1) < 0)
			return log_error_errno(-ENOMEM, "cannot look for who else has files open");
		report(dump, dump->open_files[id - 1], &holders[i]);
	}
	return 0;
}
