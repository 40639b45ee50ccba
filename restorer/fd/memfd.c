/* SPDX-License-Identifier: MIT */
/* Files of memfd_create(2), at restore. */
#include "restorer/fd/named_file.h"

const struct fd_restorer memfd_fd_restorer = {
	.name = "memfd",
	.read = named_file_read,
	.plan = named_file_plan,
	.open = named_file_open,
};
