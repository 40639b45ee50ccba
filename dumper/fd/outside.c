/* SPDX-License-Identifier: MIT */
/* Compares the descriptors of other processes with those of the tree. */
#include "dumper/fd/outside.h"

#include <errno.h>
#include <linux/capability.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "dumper/fd/open_files.h"
#include "dumper/holders.h"

int outside_want(struct dump *dump, const struct fd_dumper *kind)
{
	struct fd_object object = fd_object_anonymous(kind->inside_only_name);

	return holders_want(dump, &object);
}

/* Any description of the kind: all of an anonymous type have the same device and inode. */
static const struct open_file *find_any(const struct dump *dump, const struct fd_dumper *kind)
{
	for (size_t i = 0; i < dump->open_files_count; i++)
		if (dump->open_files[i]->kind == kind)
			return dump->open_files[i];
	return NULL;
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
	const struct open_file *any = find_any(dump, kind);
	cleanup_(id_map_done) struct id_map reported = {0};
	const struct fd_holder *holders;
	size_t count = 0;
	int r = any ? holders_find(dump, &object, &holders, &count) : 0;

	if (r < 0 || !any)
		return r;
	for (size_t i = 0; i < count; i++) {
		const struct open_file_key key = {holders[i].pid, holders[i].fd, any->device, any->inode,
						  NULL};
		uint32_t id = 0;

		/* It may have gone meanwhile, which is as well. The first holder is enough. */
		if (open_files_find(dump, &key, &id) < 0 || id == 0 || id_map_get(&reported, id, NULL))
			continue;
		if (id_map_set(&reported, id, 1) < 0)
			return log_error_errno(-ENOMEM, "cannot look for who else has files open");
		report(dump, dump->open_files[id - 1], &holders[i]);
	}
	return 0;
}
