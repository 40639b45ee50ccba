/* SPDX-License-Identifier: MIT */
/*
 * The sockets of a network namespace that have no ports, raw(7) and those of ICMP echo: /proc/net/raw, raw6,
 * icmp and icmp6.
 */
#pragma once

#include <sys/types.h>

#include "common/compiler.h"
#include "common/inet_address.h"

struct raw_socket {
	struct inet_address local, peer; /* as port the protocol, or the id of echo requests; PEER: as
					    connect(2) was told */
	uint64_t inode;
	uint32_t state; /* TCP_ESTABLISHED: connected; else TCP_CLOSE, as in <netinet/tcp.h> */
};

struct raw_socket_list {
	struct raw_socket *sockets;
	size_t sockets_count;
	size_t sockets_capacity;
};

/* Adds what the text of one of the files holds, of FAMILY. -EBADMSG if it is not understood. */
int must_check raw_socket_list_parse(const char *text, size_t size, int family, struct raw_socket_list *list);

/* Reads all for the calling thread's network. What a kernel does not have has no sockets. Silent. */
int must_check raw_socket_list_read(struct raw_socket_list *ret);
void raw_socket_list_done(struct raw_socket_list *list);

/* NULL: there is none. */
const struct raw_socket *raw_socket_list_find(const struct raw_socket_list *list, uint64_t inode);
