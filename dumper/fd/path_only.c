/* SPDX-License-Identifier: MIT */
/* Files of any type opened with O_PATH, symbolic links too, at dump. */
#include <fcntl.h>

#include "dumper/fd/named_file.h"

static bool path_only_matches(const struct fd_info *info)
{
	return info->flags & O_PATH && fd_info_has_path(info);
}

const struct fd_dumper path_only_fd_dumper = {
	.name = "path_only",
	.matches = path_only_matches,
	.collect = named_file_collect,
};
