/* SPDX-License-Identifier: MIT */
/* Directories opened for reading, at dump. */
#include <fcntl.h>

#include "dumper/fd/named_file.h"

static bool directory_matches(const struct fd_info *info)
{
	return S_ISDIR(info->stat.st_mode) && !(info->flags & O_PATH) && fd_info_has_path(info);
}

const struct fd_dumper directory_fd_dumper = {
	.name = "directory",
	.matches = directory_matches,
	.collect = named_file_collect,
};
