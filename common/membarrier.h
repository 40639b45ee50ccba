/* SPDX-License-Identifier: MIT */
/* Registrations for membarrier(2): what a process says once, so that it may use a command later. */
#pragma once

#include <linux/membarrier.h>

/* Those that there are; each is a command, and its bit in MEMBARRIER_CMD_GET_REGISTRATIONS. */
#define MEMBARRIER_REGISTRATIONS                                                                             \
	(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED | MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED |              \
	 MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE |                                               \
	 MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ)
