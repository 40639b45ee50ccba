/* SPDX-License-Identifier: MIT */
/* Files of memfd_create(2), at dump: saved as ghosts, which mappings may share. */
#include <fcntl.h>

#include "dumper/fd/named_file.h"

static bool memfd_matches(const struct fd_info *info)
{
	return fd_info_is_memfd(info) && !(info->flags & O_PATH);
}

const struct fd_dumper memfd_fd_dumper = {
	.name = "memfd",
	.matches = memfd_matches,
	.collect = named_file_collect,
};
