/* SPDX-License-Identifier: MIT */
/*
 * The TCP connections that a listening socket has taken and that nobody has accepted, in the kernel's memory:
 * accept(2) alone would tell in what order they are, and what has come over them, but takes them away.
 */
#pragma once

#include <stdbool.h>

#include "common/kernel_socket.h"

struct waiting_connection {
	struct kernel_address sock;
	uint64_t cookie;      /* of sock_diag(7); 0: it has not been asked for it yet */
	uint8_t state;        /* as in <netinet/tcp.h> */
	bool has_urgent;      /* urgent data has come (MSG_OOB) */
	bool has_own_options; /* that socket has got others since, which this one does not have, or the like
			       */
	uint32_t sequence;    /* of the first byte that has come */
	uint32_t size;        /* bytes that have come */
	unsigned char *bytes; /* owned; NULL until read */
};

struct accept_queue {
	struct waiting_connection *items; /* the first to be accepted first */
	size_t items_count, items_capacity;
};

struct accept_queues;

/* As kernel_sockets_open(). */
int must_check accept_queues_open(struct accept_queues **ret_queues);
void accept_queues_free(struct accept_queues *queues);
DEFINE_FREEP(accept_queues, accept_queues_free)

/* Of the listening socket behind FD, a descriptor of ours, whose holders are frozen. */
int must_check accept_queue_read(struct accept_queues *queues, int fd, struct accept_queue *ret_queue);
void accept_queue_done(struct accept_queue *queue);

/*
 * What has come over one of them by now, and its state. -ENOTSUP: it is kept in a way that is not known;
 * -EAGAIN: it does not come to rest.
 */
int must_check waiting_connection_read(struct accept_queues *queues, struct waiting_connection *connection);
