/* SPDX-License-Identifier: MIT */
/* Packet sockets by sock_diag(7). */
#include "common/netlink/packet_diag.h"

#include <errno.h>
#include <linux/packet_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/netlink/sock_diag.h"
#include "common/vector.h"

/* Copies SIZE bytes of an attribute; false, and zeros, if it is not there. */
static bool take(const struct sock_diag_attributes *attributes, int type, void *ret, size_t size)
{
	const void *data = sock_diag_attribute(attributes, type, size, NULL);

	memset(ret, 0, size);
	if (data)
		memcpy(ret, data, size);
	return data;
}

static struct packet_diag_buffer take_ring(const struct sock_diag_attributes *attributes, int type)
{
	struct packet_diag_ring ring;

	(void)take(attributes, type, &ring, sizeof(ring));
	return (struct packet_diag_buffer){
		.block_size = ring.pdr_block_size,
		.block_count = ring.pdr_block_nr,
		.frame_size = ring.pdr_frame_size,
		.frame_count = ring.pdr_frame_nr,
		.retire_timeout_ms = ring.pdr_retire_tmo,
		.private_size = ring.pdr_sizeof_priv,
		.features = ring.pdr_features,
	};
}

static int take_memberships(struct packet_diag *diag, const struct sock_diag_attributes *attributes,
			    struct packet_diag_socket *socket)
{
	size_t size = 0;
	const unsigned char *data = sock_diag_attribute(attributes, PACKET_DIAG_MCLIST, 1, &size);
	size_t count = data ? size / sizeof(struct packet_diag_mclist) : 0;

	if (count == 0)
		return 0;
	socket->memberships = arena_array(&diag->arena, struct packet_diag_membership, count);
	if (!socket->memberships)
		return -ENOMEM;
	socket->memberships_count = count;
	for (size_t i = 0; i < count; i++) {
		struct packet_diag_membership *membership = &socket->memberships[i];
		struct packet_diag_mclist one;

		memcpy(&one, data + i * sizeof(one), sizeof(one));
		membership->interface = one.pdmc_index;
		membership->count = one.pdmc_count;
		membership->type = one.pdmc_type;
		membership->address_size = MIN(one.pdmc_alen, (uint16_t)sizeof(membership->address));
		memcpy(membership->address, one.pdmc_addr, membership->address_size);
	}
	return 0;
}

static int take_socket(const void *message, const struct sock_diag_attributes *attributes, void *context)
{
	const struct packet_diag_msg *about = message;
	struct packet_diag *diag = context;
	struct packet_diag_socket *socket;
	struct packet_diag_info info;
	int r;

	if (!message) {
		packet_diag_done(diag);
		return 0;
	}
	socket = vector_append(diag, sockets);
	if (!socket)
		return -ENOMEM;
	(void)take(attributes, PACKET_DIAG_INFO, &info, sizeof(info));
	socket->inode = about->pdiag_ino;
	socket->protocol = about->pdiag_num;
	socket->interface = (int32_t)info.pdi_index;
	socket->is_running = info.pdi_flags & PDI_RUNNING;
	socket->has_fanout = take(attributes, PACKET_DIAG_FANOUT, &socket->fanout, sizeof(socket->fanout));
	socket->receive_ring = take_ring(attributes, PACKET_DIAG_RX_RING);
	socket->send_ring = take_ring(attributes, PACKET_DIAG_TX_RING);
	r = take_memberships(diag, attributes, socket);
	return r < 0 ? r : id_map_set(&diag->by_inode, socket->inode, diag->sockets_count - 1);
}

int packet_diag_read(struct packet_diag *diag)
{
	const struct packet_diag_req request = {
		.sdiag_family = AF_PACKET,
		.pdiag_show =
			PACKET_SHOW_INFO | PACKET_SHOW_MCLIST | PACKET_SHOW_RING_CFG | PACKET_SHOW_FANOUT,
	};

	return sock_diag_dump(
		&(struct sock_diag_question){
			.request = &request,
			.request_size = sizeof(request),
			.message_size = sizeof(struct packet_diag_msg),
			.attribute_max = PACKET_DIAG_MAX,
		},
		take_socket, diag);
}

void packet_diag_done(struct packet_diag *diag)
{
	free(diag->sockets);
	id_map_done(&diag->by_inode);
	arena_done(&diag->arena);
	*diag = (struct packet_diag){0};
}

const struct packet_diag_socket *packet_diag_find(const struct packet_diag *diag, uint64_t inode)
{
	uint64_t index;

	return id_map_get(&diag->by_inode, inode, &index) ? &diag->sockets[index] : NULL;
}
