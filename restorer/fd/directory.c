/* SPDX-License-Identifier: MIT */
/* Directories opened for reading, at restore. */
#include "restorer/fd/named_file.h"

const struct fd_restorer directory_fd_restorer = {
	.name = "directory",
	.read = named_file_read,
	.plan = named_file_plan,
	.open = named_file_open,
};
