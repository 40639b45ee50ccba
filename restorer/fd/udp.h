/* SPDX-License-Identifier: MIT */
/* Datagram sockets at restore: what the files of this kind share. */
#pragma once

#include "format/fd/udp.h"
#include "restorer/fd/inet_socket.h"

extern const struct fd_restorer udp_fd_restorer;

/* object->state */
struct udp_object {
	unsigned
		group_index; /* among those that share its address by SO_REUSEPORT, in the order of bind(2) */
};

/*
 * udp_queue.c: lets the datagrams of the open member wait in the socket FD again, which is bound, but not
 * connected and without its options. Logs.
 */
int must_check udp_queue_fill(struct restore *restore, const struct object *object, int fd);

/*
 * udp_refused.c: FD, bound and without its options, has ECONNREFUSED to tell again; it is connected elsewhere
 * then. Logs. And whether another socket at that address can have it, silent.
 */
int must_check udp_refuse_again(const Cr__InetSocket *image, int fd);
int must_check udp_try_refusal(const Cr__InetSocket *image);
