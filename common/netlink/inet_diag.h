/* SPDX-License-Identifier: MIT */
/*
 * The TCP, UDP and UDP-Lite sockets of the network namespace that this thread is in, IPv4 and IPv6, as the
 * kernel tells of them, whoever holds them. Sockets without any port are not among them.
 */
#pragma once

#include <sys/types.h>

#include "common/id_map.h"
#include "common/inet_address.h"

/* A TCP socket that has a port and is neither connected nor listening, <net/tcp_states.h>; Linux 6.8. */
#define INET_DIAG_STATE_BOUND 13

struct inet_diag_socket {
	struct inet_address local, peer; /* of an IPv6 socket, mapped ones as they are */
	uint64_t inode;                  /* 0: it is nobody's: not accepted yet, or closed */
	uint64_t cookie;
	uid_t uid;
	uint8_t state;      /* TCP_ESTABLISHED ..., as in <netinet/tcp.h>; a UDP socket is TCP_CLOSE or
			       TCP_ESTABLISHED */
	uint8_t shutdown;   /* bit 0: will not receive, bit 1: will not send */
	bool is_v6_only;    /* of IPv6: does not take IPv4 */
	bool has_md5_keys;  /* TCP_MD5SIG; seen with CAP_NET_ADMIN only */
	uint32_t interface; /* that it is bound to, SO_BINDTODEVICE; 0: none */
	uint32_t
		receive_queue; /* bytes; UDP: of memory; of a listening socket connections not accepted yet */
	uint32_t send_queue;   /* bytes; of a listening socket how many there may be */
	char ulp[16];          /* TCP_ULP: "tls" ...; "": none */
};

struct inet_diag {
	struct inet_diag_socket *sockets; /* in no order */
	size_t sockets_count;
	size_t sockets_capacity;
	struct id_map by_inode;      /* index in sockets; without those of inode 0 */
	struct id_map by_connection; /* index in sockets, by a hash of both addresses, of those that are
					connected */
};

/*
 * Adds the sockets of PROTOCOL, IPPROTO_TCP, IPPROTO_UDP or IPPROTO_UDPLITE; otherwise as sock_diag_dump().
 * Sockets come and go meanwhile, but those of tasks that are frozen.
 */
int must_check inet_diag_read(struct inet_diag *diag, int protocol);
void inet_diag_done(struct inet_diag *diag);

/* NULL: there is none in this namespace. */
const struct inet_diag_socket *inet_diag_find(const struct inet_diag *diag, uint64_t inode);

/* The other end of a connection, be it nobody's; NULL: it is not in this namespace. */
const struct inet_diag_socket *inet_diag_find_peer(const struct inet_diag *diag,
						   const struct inet_diag_socket *socket);

/* As sock_diag_destroy(): a TCP connection as it was told, or what is left of one (TIME_WAIT). */
int must_check inet_diag_destroy(const struct inet_diag_socket *socket);
