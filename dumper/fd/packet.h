/* SPDX-License-Identifier: MIT */
/* Packet sockets at dump: what the files of this kind share. */
#pragma once

#include "common/kernel_socket.h"
#include "common/netlink/packet_diag.h"
#include "dumper/fd/socket_base.h"
#include "format/fd/packet.h"

/* A socket of the tree, in the arena. */
struct packet_entry {
	struct socket_place place;
	Cr__PacketSocket *image;
	unsigned char
		*received; /* a bit for each frame of the receive ring that the program is to read; owned */
};

/* The state of the kind. */
struct packet_sockets {
	struct packet_entry **entries;
	size_t entries_count, entries_capacity;
	struct id_map entries_by_id; /* open file id -> struct packet_entry */
	struct packet_diag diag;
	struct kernel_sockets *kernel; /* NULL: not needed yet */
};

/*
 * packet_ring.c: where the kernel and the program are in the rings of the socket FD, and which frames wait
 * for the program; whether they hold anything at all. Adds a blocker if that cannot be told.
 */
int must_check packet_rings_collect(struct dump *dump, struct packet_sockets *sockets,
				    struct packet_entry *entry, int fd);

/* Writes the contents of the rings of FD. */
int must_check packet_rings_write(struct dump *dump, const struct packet_entry *entry, int fd);
