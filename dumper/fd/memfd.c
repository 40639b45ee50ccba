/* SPDX-License-Identifier: MIT */
/* Files of memfd_create(2), at dump: saved as ghosts, which mappings may share. */
#include <fcntl.h>
#include <linux/magic.h>

#include "dumper/fd/named_file.h"

static bool memfd_matches(const struct fd_info *info)
{
	return fd_info_is_memfd(info) && !(info->flags & O_PATH);
}

static int memfd_collect(struct dump *dump, const struct process *process, const struct fd_info *info,
			 struct open_file *file)
{
	if (info->filesystem == HUGETLBFS_MAGIC) {
		blockers_add(&dump->blockers,
			     "memfd '%s' is made of huge pages (MFD_HUGETLB), which "
			     "cannot be preserved yet",
			     fd_info_printable(info->link, &dump->arena));
		return 0;
	}
	return named_file_collect(dump, process, info, file);
}

const struct fd_dumper memfd_fd_dumper = {
	.name = "memfd",
	.matches = memfd_matches,
	.collect = memfd_collect,
};
