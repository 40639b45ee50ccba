/* SPDX-License-Identifier: MIT */
/* Character devices without a state of their own, at dump. */
#include <fcntl.h>
#include <sys/sysmacros.h>

#include "dumper/fd/named_file.h"

/* The memory devices (major 1) null, zero, full, random and urandom. */
static bool is_stateless(dev_t device)
{
	unsigned number = minor(device);

	return major(device) == 1 && (number == 3 || number == 5 || (number >= 7 && number <= 9));
}

static bool device_matches(const struct fd_info *info)
{
	return S_ISCHR(info->stat.st_mode) && is_stateless(info->stat.st_rdev) && !(info->flags & O_PATH) &&
	       fd_info_has_path(info);
}

const struct fd_dumper device_fd_dumper = {
	.name = "device",
	.matches = device_matches,
	.collect = named_file_collect,
};
