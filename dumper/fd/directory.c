/* SPDX-License-Identifier: MIT */
/* Directories opened for reading, at dump. */
#include <fcntl.h>

#include "dumper/fd/named_file.h"

static bool directory_matches(const struct fd_info *info)
{
	return S_ISDIR(info->stat.st_mode) && !(info->flags & O_PATH) && fd_info_has_path(info);
}

/* F_NOTIFY (fcntl(2)) makes the caller the owner, who means nothing else for a directory; for what events,
 * and whether they came, the kernel does not tell. */
static int directory_collect(struct dump *dump, const struct process *process, const struct fd_info *info,
			     struct open_file *file)
{
	struct f_owner_ex owner = {0};

	if (fcntl(info->our_fd, F_GETOWN_EX, &owner) == 0 && owner.pid != 0)
		blockers_add(&dump->blockers,
			     "its directory '%s' is watched by F_NOTIFY (fcntl(2)), or was, which cannot be "
			     "preserved: let the program close it, or use inotify",
			     fd_info_printable(info->link, &dump->arena));
	return named_file_collect(dump, process, info, file);
}

const struct fd_dumper directory_fd_dumper = {
	.name = "directory",
	.matches = directory_matches,
	.collect = directory_collect,
};
