/* SPDX-License-Identifier: MIT */
/*
 * The netlink(7) sockets of the network namespace that this thread is in, as the kernel tells of them,
 * whoever holds them. Those that have neither a port nor groups are not among them.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "common/id_map.h"

struct netlink_diag_socket {
	uint64_t inode; /* as fstat(2) of a descriptor tells; 0: the kernel's own */
	uint32_t port;
	uint8_t protocol;  /* NETLINK_ROUTE ... */
	bool is_connected; /* connect(2) */
	bool is_answering; /* the kernel has more to say, of a list that was asked for */
};

struct netlink_diag {
	struct netlink_diag_socket *sockets; /* in no order */
	size_t sockets_count;
	size_t sockets_capacity;
	struct id_map by_inode; /* index in sockets; without those of inode 0 */
};

/* Those of all protocols; as sock_diag_dump(). */
int must_check netlink_diag_read(struct netlink_diag *diag);
void netlink_diag_done(struct netlink_diag *diag);

/* NULL: there is none such. */
const struct netlink_diag_socket *netlink_diag_find(const struct netlink_diag *diag, uint64_t inode);
const struct netlink_diag_socket *netlink_diag_find_port(const struct netlink_diag *diag, uint32_t protocol,
							 uint32_t port);
