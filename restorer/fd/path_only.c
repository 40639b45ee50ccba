/* SPDX-License-Identifier: MIT */
/* Files of any type opened with O_PATH, at restore. */
#include "restorer/fd/named_file.h"

const struct fd_restorer path_only_fd_restorer = {
	.name = "path_only",
	.read = named_file_read,
	.plan = named_file_plan,
	.open = named_file_open,
};
