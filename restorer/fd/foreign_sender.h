/* SPDX-License-Identifier: MIT */
/* Packets to sockets of this host in the name of others: by a raw socket (raw(7)) that may have a foreign
 * address (IP_TRANSPARENT). Takes CAP_NET_RAW and CAP_NET_ADMIN. */
#pragma once

#include "common/cleanup.h"
#include "common/inet_address.h"

struct foreign_sender {
	int fd;
	struct inet_address from; /* not a mapped one; its port is not used */
	int protocol;
	size_t checksum_offset; /* in a packet, of the checksum in the form of UDP and TCP */
};

#define FOREIGN_SENDER_NONE ((struct foreign_sender){.fd = -EBADF})

/* Silent. Further options may be set on its descriptor. */
int must_check foreign_sender_open(const struct inet_address *from, int protocol, size_t checksum_offset,
				   struct foreign_sender *ret_sender);
void foreign_sender_done(struct foreign_sender *sender);

/* A packet without its IP header; its checksum is filled in. Silent. */
int must_check foreign_sender_send(const struct foreign_sender *sender, const struct inet_address *to,
				   unsigned char *packet, size_t size);
