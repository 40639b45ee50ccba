/* SPDX-License-Identifier: MIT */
/* Stream sockets at restore: what the files of this kind share. */
#pragma once

#include "format/fd/tcp.h"
#include "restorer/fd/inet_socket.h"

/* object->state. */
struct tcp_object {
	int fd;                /* of ours, from finish to let_go; -EBADF */
	bool is_awaited;       /* a listening socket lists it among those that wait to be accepted */
	unsigned char *unsent; /* owned: to be sent when it is let go; connection->unsent_size bytes; of a
				  listening one what has come over image->gone */
};

static inline const Cr__TcpSocket *tcp_image_of(const struct object *object)
{
	return (const Cr__TcpSocket *)object->entry;
}

/* It was connected, and is not to be found closed because the user says so. */
bool tcp_is_kept(const struct restore *restore, const struct object *object);

/* It is, and goes on after the restore, so that the other side will notice. */
bool tcp_is_live(const struct restore *restore, const struct object *object);

/* Whether packets in the name of the other side bring it where it was, see tcp_packet.h. */
bool tcp_needs_packets(const Cr__TcpSocket *image);

/* Whether OTHER has the same addresses, both of them. */
bool tcp_is_same_connection(const Cr__InetSocket *socket, const struct inet_diag_socket *other);

/* tcp_preflight.c: adds to restore->blockers what speaks against one that was not connected, */
int must_check tcp_listening_preflight(struct restore *restore, const struct object *object,
				       const struct inet_diag *diag);
/* and one that was. */
int must_check tcp_connection_preflight(struct restore *restore, const struct object *object,
					const struct inet_diag *diag);

/*
 * tcp_connection.c. All with the socket in TCP_REPAIR mode, in which it is silent, until
 * tcp_connection_let_go(). They log.
 */
/* A socket that thinks it is connected, without anything in its queues. */
int must_check tcp_connection_new(const Cr__TcpSocket *image, int *ret_fd);
/* Its contents. Keeps what has not been sent in STATE. */
int must_check tcp_connection_fill(struct restore *restore, const Cr__TcpSocket *image,
				   struct tcp_object *state, int fd);
/* Half closed or closed, as it was, as far as nothing must be sent for that. Its options must have been set.
 */
int must_check tcp_connection_finish(const Cr__TcpSocket *image, int fd);
/* tcp_waiting.c: what waits to be accepted is of connections that wait for that, once each. Logs. */
int must_check tcp_waiting_plan(struct restore *restore, struct object *listener);
/* What has come over those whose other ends are gone. Logs. */
int must_check tcp_waiting_fill(struct restore *restore, const struct object *listener);
/* Connects them again, in their order, when the socket behind FD listens and has its options. Logs. */
int must_check tcp_waiting_connect(struct restore *restore, const struct object *listener, int fd);
/* A socket in TCP_REPAIR mode, and bound, leaves it and connects by itself, with the number that the image
 * says, but does not wait. */
int must_check tcp_connection_begin(const Cr__TcpSocket *image, int fd);
/* Sends what was not sent, and the end behind it. */
int must_check tcp_connection_send_rest(const Cr__TcpSocket *image, const struct tcp_object *state);
/* The end of the TCP_REPAIR mode has set SO_REUSEADDR to 0. */
int must_check tcp_connection_set_reuse(const Cr__TcpSocket *image, int fd);
/* It goes on by itself: sends what was not sent. */
int must_check tcp_connection_let_go(const Cr__TcpSocket *image, const struct tcp_object *state);

/*
 * tcp_lock.c: packets of connections to others are held back until they are there, by us or, since the dump,
 * by what that has left. Where nothing can hold them back, a notice says so.
 */
int must_check tcp_lock_begin(struct restore *restore);
/* From now on they come through. Logs. */
int must_check tcp_lock_end(struct restore *restore);
void tcp_lock_done(struct restore *restore);
