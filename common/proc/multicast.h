/* SPDX-License-Identifier: MIT */
/*
 * The multicast groups that some socket, or the kernel, has joined on each interface of a network namespace:
 * /proc/net/igmp and /proc/net/igmp6, proc_pid_net(5). Which sockets, they do not tell.
 */
#pragma once

#include <sys/types.h>

#include "common/compiler.h"
#include "common/inet_address.h"

struct multicast_list {
	struct inet_address *groups; /* with the interface */
	size_t groups_count;
	size_t groups_capacity;
};

/* Adds what the text of one of the files holds. -EBADMSG if it is not understood. */
int must_check multicast_parse_igmp(const char *text, size_t size, struct multicast_list *list);
int must_check multicast_parse_igmp6(const char *text, size_t size, struct multicast_list *list);

/* Reads both for the calling thread's network. A kernel without them has no groups. Silent. */
int must_check multicast_read(struct multicast_list *ret);
void multicast_list_done(struct multicast_list *list);
