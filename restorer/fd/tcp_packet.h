/* SPDX-License-Identifier: MIT */
/*
 * Segments to a socket of ours in the name of its other side, which nothing but such can bring into some
 * states.
 *
 * A segment comes over loopback. Where rules of the host hold back what belongs to a connection
 * (packet_lock.h), it is let through by its mark.
 */
#pragma once

#include "common/inet_address.h"
#include "format/fd/tcp.h"

enum {
	TCP_PACKET_END = 1,   /* FIN: nothing more will come */
	TCP_PACKET_RESET = 2, /* RST */
};

/*
 * To the socket FD in the name of its peer in IMAGE: FLAGS, and that all before ACKNOWLEDGED has arrived.
 * SEQUENCE is what the socket expects next. Logs.
 */
int must_check tcp_packet_send(const Cr__TcpSocket *image, int fd, unsigned flags, uint32_t sequence,
			       uint32_t acknowledged);

/* What the socket FD is bound to: connect(2) chooses where a program had left that open. Silent. */
int must_check tcp_packet_own_address(int fd, struct inet_address *ret_address);
