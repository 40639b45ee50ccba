/* SPDX-License-Identifier: MIT */
/* What a valid packet socket is. */
#include "format/fd/packet.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>

#include "common/proc/maps.h"
#include "format/fd/inet_option_specs.h"
#include "format/fd/inet_socket.h"
#include "format/fd/socket_base.h"

/* Newer than the headers that this may be built with. */
#define CR_PACKET_VNET_HDR_SZ 24

/* Most are not to be changed any more when there are rings. */
#define PACKET_EARLY(number) INET_OPTION(SOL_PACKET, number, #number, SOCKET_OPTION_EARLY, 0)

/* Not here: PACKET_STATISTICS, which are zero when they have been asked for; groups, rings and memberships.
 */
static const struct socket_option_spec packet_specs[] = {
	PACKET_EARLY(PACKET_VERSION),
	PACKET_EARLY(PACKET_RESERVE),
	PACKET_EARLY(PACKET_COPY_THRESH),
	PACKET_EARLY(PACKET_AUXDATA),
	PACKET_EARLY(PACKET_ORIGDEV),
	PACKET_EARLY(PACKET_LOSS),
	PACKET_EARLY(PACKET_VNET_HDR),
	INET_OPTION(SOL_PACKET, CR_PACKET_VNET_HDR_SZ, "PACKET_VNET_HDR_SZ", SOCKET_OPTION_EARLY, 0),
	PACKET_EARLY(PACKET_TIMESTAMP),
	PACKET_EARLY(PACKET_TX_HAS_OFF),
	PACKET_EARLY(PACKET_QDISC_BYPASS),
	PACKET_EARLY(PACKET_IGNORE_OUTGOING),
};

const struct socket_option_table socket_options_packet = {packet_specs, ARRAY_SIZE(packet_specs)};

static int refuse(const char *reason, const char **ret_reason)
{
	*ret_reason = reason;
	return -EBADMSG;
}

uint64_t packet_ring_size(const Cr__PacketRing *ring)
{
	return ring ? (uint64_t)ring->block_size * ring->block_count : 0;
}

uint64_t packet_rings_size(const Cr__PacketSocket *socket)
{
	return packet_ring_size(socket->receive_ring) + packet_ring_size(socket->send_ring);
}

size_t packet_frame_offset(const Cr__PacketRing *ring, uint32_t index)
{
	uint32_t per_block = ring->block_size / ring->frame_size;

	return (size_t)(index / per_block) * ring->block_size +
	       (size_t)(index % per_block) * ring->frame_size;
}

/* The header begins with it, of one size or another, but in TPACKET_V3. */
uint64_t packet_frame_status(const void *frame, int version)
{
	if (version == TPACKET_V1)
		return __atomic_load_n((const unsigned long *)frame, __ATOMIC_ACQUIRE);
	if (version == TPACKET_V2)
		return __atomic_load_n((const uint32_t *)frame, __ATOMIC_ACQUIRE);
	return __atomic_load_n(&((const struct tpacket3_hdr *)frame)->tp_status, __ATOMIC_ACQUIRE);
}

int packet_version(const Cr__PacketSocket *socket)
{
	return socket_options_get_int(socket->socket->family_options, SOL_PACKET, PACKET_VERSION, TPACKET_V1);
}

static bool is_interface(const char *name)
{
	return strnlen(name, INET_INTERFACE_SIZE) < INET_INTERFACE_SIZE && !strchr(name, '/') &&
	       !strchr(name, '%');
}

static int check_membership(const Cr__PacketMembership *membership, const char **ret_reason)
{
	if (membership->type > PACKET_MR_UNICAST)
		return refuse("it has a membership of an unknown type", ret_reason);
	if (!membership->interface[0] || !is_interface(membership->interface))
		return refuse("it has a membership without an interface", ret_reason);
	if (membership->address.len > PACKET_ADDRESS_SIZE_MAX)
		return refuse("it has a membership with too long an address", ret_reason);
	if (membership->count == 0 || membership->count > PACKET_MEMBERSHIPS_MAX)
		return refuse("it has a membership that it did not ask for, or too often", ret_reason);
	return 0;
}

/* Blocks are whole pages, and hold a whole number of frames. */
static int check_ring(const Cr__PacketRing *ring, const char **ret_reason)
{
	if (ring->block_size == 0 || ring->block_size % PAGE_SIZE_BYTES != 0 || ring->block_count == 0 ||
	    packet_ring_size(ring) > PACKET_RINGS_SIZE_MAX)
		return refuse("it has a ring with blocks of a wrong size", ret_reason);
	if (ring->frame_size < sizeof(struct tpacket_hdr) || ring->frame_size % TPACKET_ALIGNMENT != 0 ||
	    ring->frame_size > ring->block_size ||
	    (uint64_t)(ring->block_size / ring->frame_size) * ring->block_count != ring->frame_count)
		return refuse("it has a ring with frames of a wrong size", ret_reason);
	if (ring->private_size > ring->block_size || ring->head >= ring->frame_count)
		return refuse("it has a ring that ends before its head", ret_reason);
	return 0;
}

static int check_rings(const Cr__PacketSocket *socket, const char **ret_reason)
{
	int r = socket->receive_ring ? check_ring(socket->receive_ring, ret_reason) : 0;

	if (r == 0 && socket->send_ring)
		r = check_ring(socket->send_ring, ret_reason);
	if (r < 0)
		return r;
	if (socket->socket->type == SOCK_PACKET && (socket->receive_ring || socket->send_ring))
		return refuse("it has rings, which no such socket has", ret_reason);
	if (socket->receive_ring && socket->receive_ring->head != 0 &&
	    (socket->protocol == 0 || packet_version(socket) == TPACKET_V3))
		return refuse("it has received into its ring, which it cannot have", ret_reason);
	if (socket->contents_size == 0 && ((socket->receive_ring && socket->receive_ring->head != 0) ||
					   (socket->send_ring && socket->send_ring->head != 0)))
		return refuse("it has used rings without contents", ret_reason);
	if (socket->contents_size != 0 && socket->contents_size != packet_rings_size(socket))
		return refuse("its contents are not those of its rings", ret_reason);
	return 0;
}

int packet_check(const Cr__PacketSocket *socket, const char **ret_reason)
{
	int r = socket_base_check(socket->socket, &socket_options_packet, ret_reason);

	if (r < 0)
		return r;
	if (socket->socket->type != SOCK_RAW && socket->socket->type != SOCK_DGRAM &&
	    socket->socket->type != SOCK_PACKET)
		return refuse("it is no packet socket", ret_reason);
	if (socket->socket->protocol != 0 || socket->protocol > UINT16_MAX)
		return refuse("its protocol is none", ret_reason);
	if (!is_interface(socket->interface))
		return refuse("it is bound to an interface of an invalid name", ret_reason);
	if (socket->n_memberships > PACKET_MEMBERSHIPS_MAX)
		return refuse("it has too many memberships", ret_reason);
	for (size_t i = 0; r == 0 && i < socket->n_memberships; i++)
		r = check_membership(socket->memberships[i], ret_reason);
	return r < 0 ? r : check_rings(socket, ret_reason);
}
