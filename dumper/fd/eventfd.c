/* SPDX-License-Identifier: MIT */
/* Event counters, eventfd(2), at dump. */
#include <errno.h>
#include <inttypes.h>

#include "common/log.h"
#include "dumper/fd/fd_dumper.h"
#include "format/fd/eventfd.h"

static bool eventfd_matches(const struct fd_info *info)
{
	return fd_info_is_anonymous(info, "[eventfd]");
}

static int eventfd_collect(struct dump *dump, const struct process *process maybe_unused,
			   const struct fd_info *info, struct open_file *file)
{
	Cr__Eventfd *entry = arena_new(&dump->arena, Cr__Eventfd);
	uint64_t is_semaphore = 0;
	int r;

	if (!entry)
		return log_error_errno(-ENOMEM, "cannot note its count");
	cr__eventfd__init(entry);
	r = fdinfo_get_u64(&info->fdinfo, "eventfd-count", 16, &entry->count);
	if (r < 0)
		return log_error_errno(r, "cannot read its count");
	r = fdinfo_get_u64(&info->fdinfo, "eventfd-semaphore", 10, &is_semaphore);
	if (r == -ENOENT) /* before Linux 6.5 */
		blockers_add(&dump->blockers, "this kernel does not tell whether its eventfd is a semaphore");
	else if (r < 0)
		return log_error_errno(r, "cannot read whether it is a semaphore");
	if (entry->count > EVENTFD_COUNT_MAX)
		blockers_add(&dump->blockers,
			     "the counter of its eventfd has overflown, which cannot be preserved");
	entry->is_semaphore = is_semaphore != 0;
	file->entry = &entry->base;
	file->description = arena_format(&dump->arena, "count %" PRIu64 "%s", entry->count,
					 entry->is_semaphore ? ", a semaphore" : "");
	return file->description ? 0 : log_error_errno(-ENOMEM, "cannot note its count");
}

const struct fd_dumper eventfd_fd_dumper = {
	.name = "eventfd",
	.inside_only_name = "[eventfd]",
	.matches = eventfd_matches,
	.collect = eventfd_collect,
};
