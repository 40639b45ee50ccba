/* SPDX-License-Identifier: MIT */
/* Descriptors that read signals, signalfd(2), at dump. The signals that wait to be read are those of the
 * processes. */
#include <errno.h>
#include <inttypes.h>

#include "common/log.h"
#include "dumper/fd/fd_dumper.h"
#include "format/fd/signalfd.pb-c.h"

static bool signalfd_matches(const struct fd_info *info)
{
	return fd_info_is_anonymous(info, "[signalfd]");
}

static int signalfd_collect(struct dump *dump, const struct process *process maybe_unused,
			    const struct fd_info *info, struct open_file *file)
{
	Cr__Signalfd *entry = arena_new(&dump->arena, Cr__Signalfd);
	int r;

	if (!entry)
		return log_error_errno(-ENOMEM, "cannot note its signals");
	cr__signalfd__init(entry);
	r = fdinfo_get_u64(&info->fdinfo, "sigmask", 16, &entry->mask);
	if (r < 0)
		return log_error_errno(r, "cannot read its signals");
	file->entry = &entry->base;
	file->description = arena_format(&dump->arena, "mask %016" PRIx64, entry->mask);
	return file->description ? 0 : log_error_errno(-ENOMEM, "cannot note its signals");
}

const struct fd_dumper signalfd_fd_dumper = {
	.name = "signalfd",
	.is_polled_as_self = true,
	.matches = signalfd_matches,
	.collect = signalfd_collect,
};
