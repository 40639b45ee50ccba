/* SPDX-License-Identifier: MIT */
/*
 * The packet(7) sockets of the network namespace that this thread is in, as the kernel tells of them, whoever
 * holds them.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "common/arena.h"
#include "common/id_map.h"

#define PACKET_DIAG_ADDRESS_SIZE 32

/* PACKET_ADD_MEMBERSHIP */
struct packet_diag_membership {
	uint32_t interface, count;
	uint16_t type, address_size;
	unsigned char address[PACKET_DIAG_ADDRESS_SIZE];
};

/* PACKET_RX_RING, PACKET_TX_RING; block_size 0: none */
struct packet_diag_buffer {
	uint32_t block_size, block_count, frame_size, frame_count;
	uint32_t retire_timeout_ms, private_size, features; /* TPACKET_V3 only */
};

struct packet_diag_socket {
	uint64_t inode;    /* as fstat(2) of a descriptor tells */
	uint16_t protocol; /* ETH_P_*; 0: it receives nothing */
	int32_t interface; /* 0: all; -1: it has gone */
	bool is_running;   /* it receives; not if its interface is down */
	bool has_fanout;   /* PACKET_FANOUT */
	uint32_t fanout;   /* id and type; not the flags */
	struct packet_diag_buffer receive_ring, send_ring;
	struct packet_diag_membership *memberships; /* in the arena; the last joined first */
	size_t memberships_count;
};

struct packet_diag {
	struct packet_diag_socket *sockets; /* in no order */
	size_t sockets_count;
	size_t sockets_capacity;
	struct id_map by_inode; /* index in sockets */
	struct arena arena;
};

/* As sock_diag_dump(). Sockets come and go meanwhile, but those of tasks that are frozen. */
int must_check packet_diag_read(struct packet_diag *diag);
void packet_diag_done(struct packet_diag *diag);

/* NULL: there is none in this namespace. */
const struct packet_diag_socket *packet_diag_find(const struct packet_diag *diag, uint64_t inode);
