/* SPDX-License-Identifier: MIT */
/* What rtnetlink(7) tells of a TUN or TAP device in the network namespace that this thread is in. */
#pragma once

#include <stdbool.h>

#include "common/compiler.h"

struct tun_link {
	int64_t owner, group; /* TUNSETOWNER, TUNSETGROUP; -1: none */
	uint32_t queue_count; /* descriptors that are attached to it, those that are detached for now too */
};

/* -ENODEV: there is no such device, or it is of another kind; -ENOMEM; -EIO. Silent. */
int must_check tun_link_read(const char *name, struct tun_link *ret_link);
