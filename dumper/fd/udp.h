/* SPDX-License-Identifier: MIT */
/* Datagram sockets at dump: what the files of this kind share. */
#pragma once

#include "dumper/fd/inet_socket.h"
#include "dumper/fd/option_guard.h"
#include "format/fd/udp.h"

/* A socket of the tree, in the arena. */
struct udp_entry {
	struct inet_entry inet;
	Cr__UdpSocket *image;
	unsigned char *contents; /* owned */
	size_t contents_count;
	size_t contents_capacity;
};

/* The state of the kind. */
struct udp_sockets {
	struct inet_diag diag;
	struct id_map entries_by_id; /* struct udp_entry, by the id of its open file */
	struct udp_entry **entries;
	size_t entries_count, entries_capacity;
	struct option_guard *guard; /* NULL: not needed yet */
	unsigned char *buffer;      /* for udp_queue.c */
};

/*
 * udp_queue.c: what waits to be received, into entry->contents; nothing is taken out. FD leads to the socket.
 * What cannot be made to wait again is a blocker, or left out with --skip-in-flight.
 */
int must_check udp_queue_collect(struct dump *dump, struct udp_sockets *sockets, struct udp_entry *entry,
				 int fd);
