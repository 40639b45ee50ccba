/* SPDX-License-Identifier: MIT */
/* What a valid packet socket is. */
#pragma once

#include <stdbool.h>

#include "format/fd/packet.pb-c.h"
#include "format/fd/socket_options.h"

#define PACKET_MEMBERSHIPS_MAX 65536
#define PACKET_ADDRESS_SIZE_MAX 32
#define PACKET_RINGS_SIZE_MAX ((uint64_t)1 << 32)

/* The bits of PacketSocket.fanout, PACKET_FANOUT of packet(7). */
#define PACKET_FANOUT_TYPE(fanout) ((fanout) >> 16 & 0xff)
#define PACKET_FANOUT_ID(fanout) ((fanout)&0xffff)

/* Level SOL_PACKET. */
extern const struct socket_option_table socket_options_packet;

/* Bytes of a ring in memory; NULL is one of 0. */
uint64_t packet_ring_size(const Cr__PacketRing *ring);
/* What mmap(2) of the socket gives. */
uint64_t packet_rings_size(const Cr__PacketSocket *socket);

/* Where a frame begins in its ring. */
size_t packet_frame_offset(const Cr__PacketRing *ring, uint32_t index);
/* TP_STATUS_* of a frame, which the kernel may be writing to. VERSION is TPACKET_V1 ... */
uint64_t packet_frame_status(const void *frame, int version);

/* TPACKET_V1 ... */
int packet_version(const Cr__PacketSocket *socket);

/* 0, or -EBADMSG and why in *ret_reason (static text). */
int must_check packet_check(const Cr__PacketSocket *socket, const char **ret_reason);
