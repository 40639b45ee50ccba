/* SPDX-License-Identifier: MIT */
/* Character devices without a state of their own, at restore. */
#include "restorer/fd/named_file.h"

const struct fd_restorer device_fd_restorer = {
	.name = "device",
	.has_addresses = true,
	.read = named_file_read,
	.plan = named_file_plan,
	.open = named_file_open,
};
