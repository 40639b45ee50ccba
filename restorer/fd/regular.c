/* SPDX-License-Identifier: MIT */
/* Regular files, at restore. */
#include "restorer/fd/named_file.h"

const struct fd_restorer regular_fd_restorer = {
	.name = "regular",
	.read = named_file_read,
	.plan = named_file_plan,
	.open = named_file_open,
};
