/* SPDX-License-Identifier: MIT */
/* Lines of the tables of internet options. */
#pragma once

#include "format/fd/socket_options.h"

/* NAME is #number where NUMBER is written out: as an argument of another macro it would be a number. */

/* An int. */
#define INET_OPTION(level_, number_, name_, phase_, fresh_)                                                  \
	{                                                                                                    \
		.level = (level_), .number = (number_), .name = (name_), .size = 4, .phase = (phase_),       \
		.fresh = (fresh_), .capability = -1                                                          \
	}
/* A new socket may have something else, by the family or the settings of the host. */
#define INET_HOST_OPTION(level_, number_, name_, phase_)                                                     \
	{                                                                                                    \
		.level = (level_), .number = (number_), .name = (name_), .size = 4, .phase = (phase_),       \
		.depends_on_host = true, .capability = -1                                                    \
	}
/* Bytes, SIZE at most. */
#define INET_BYTES(level_, number_, name_, size_, capability_)                                               \
	{                                                                                                    \
		.level = (level_), .number = (number_), .name = (name_), .size_max = (size_),                \
		.phase = SOCKET_OPTION_LATE, .capability = (capability_)                                     \
	}
#define INET_PRIVILEGED(level_, number_, name_, phase_, capability_)                                         \
	{                                                                                                    \
		.level = (level_), .number = (number_), .name = (name_), .size = 4, .phase = (phase_),       \
		.capability = (capability_)                                                                  \
	}
