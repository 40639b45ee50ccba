/* SPDX-License-Identifier: MIT */
/* Regular files, at dump: their content stays where it is. */
#include <fcntl.h>

#include "dumper/fd/named_file.h"

static bool regular_matches(const struct fd_info *info)
{
	return S_ISREG(info->stat.st_mode) && !(info->flags & O_PATH) && fd_info_has_path(info);
}

const struct fd_dumper regular_fd_dumper = {
	.name = "regular",
	.matches = regular_matches,
	.collect = named_file_collect,
};
