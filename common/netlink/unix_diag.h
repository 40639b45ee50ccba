/* SPDX-License-Identifier: MIT */
/*
 * The unix(7) sockets of the network namespace that this thread is in, as the kernel tells of them, whoever
 * holds them.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "common/arena.h"
#include "common/id_map.h"

struct unix_diag_socket {
	uint32_t inode; /* as fstat(2) of a descriptor tells; 0: a connection that nobody has accepted yet */
	uint8_t type;   /* SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET */
	uint8_t state;  /* TCP_CLOSE, TCP_LISTEN, TCP_ESTABLISHED, as in <netinet/tcp.h> */
	uint8_t shutdown; /* bit 0: will not receive, bit 1: will not send */
	bool has_file;    /* it is bound to a path, or was accepted by one that is */
	bool has_peer;    /* connected, be it to a socket that is no more */
	size_t name_size;
	const unsigned char *name; /* as in sun_path: a path without the final 0, or an abstract name with the
				      0 before it */
	dev_t file_device;         /* as the file system counts, which stat(2) may tell otherwise */
	uint32_t file_inode;
	uint32_t peer_inode;    /* 0: not accepted yet, or closed */
	uint32_t receive_queue; /* bytes that wait; of datagrams those of the first; of a listening socket
				   connections */
	uint32_t send_queue;    /* memory of what was sent and not received yet; backlog of a listening one */
	uid_t uid;
	/* Of a listening socket: the inodes of those that wait to be accepted, the first first; 0: it was
	 * closed already. */
	const uint32_t *waiting;
	size_t waiting_count;
};

struct unix_diag {
	struct unix_diag_socket *sockets; /* in no order */
	size_t sockets_count;
	size_t sockets_capacity;
	struct id_map by_inode; /* index in sockets */
	struct arena arena;
};

#define UNIX_DIAG_EMPTY ((struct unix_diag){0})

/* As sock_diag_dump(). Sockets come and go meanwhile, but those of tasks that are frozen. */
int must_check unix_diag_read(struct unix_diag *diag);
void unix_diag_done(struct unix_diag *diag);

/* NULL: there is none in this namespace. */
const struct unix_diag_socket *unix_diag_find(const struct unix_diag *diag, uint32_t inode);
