/* SPDX-License-Identifier: MIT */
/* Netlink sockets by sock_diag(7). */
#include "common/netlink/netlink_diag.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/netlink_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/netlink/sock_diag.h"
#include "common/vector.h"

/* NETLINK_CONNECTED of the kernel's net/netlink/af_netlink.c */
#define STATE_CONNECTED 1

static int take_socket(const void *message, const struct sock_diag_attributes *attributes, void *context)
{
	const struct netlink_diag_msg *about = message;
	struct netlink_diag *diag = context;
	struct netlink_diag_socket *socket;
	uint32_t flags = 0;
	const void *data;

	if (!message) {
		netlink_diag_done(diag);
		return 0;
	}
	data = sock_diag_attribute(attributes, NETLINK_DIAG_FLAGS, sizeof(flags), NULL);
	if (data)
		memcpy(&flags, data, sizeof(flags));
	socket = vector_append(diag, sockets);
	if (!socket)
		return -ENOMEM;
	*socket = (struct netlink_diag_socket){
		.inode = about->ndiag_ino,
		.port = about->ndiag_portid,
		.protocol = about->ndiag_protocol,
		.is_connected = about->ndiag_state == STATE_CONNECTED,
		.is_answering = flags & NDIAG_FLAG_CB_RUNNING,
	};
	return socket->inode == 0 ? 0 : id_map_set(&diag->by_inode, socket->inode, diag->sockets_count - 1);
}

int netlink_diag_read(struct netlink_diag *diag)
{
	const struct netlink_diag_req request = {
		.sdiag_family = AF_NETLINK,
		.sdiag_protocol = NDIAG_PROTO_ALL,
		.ndiag_show = NDIAG_SHOW_FLAGS,
	};

	return sock_diag_dump(
		&(struct sock_diag_question){
			.request = &request,
			.request_size = sizeof(request),
			.message_size = sizeof(struct netlink_diag_msg),
			.attribute_max = NETLINK_DIAG_MAX,
		},
		take_socket, diag);
}

void netlink_diag_done(struct netlink_diag *diag)
{
	free(diag->sockets);
	id_map_done(&diag->by_inode);
	*diag = (struct netlink_diag){0};
}

const struct netlink_diag_socket *netlink_diag_find(const struct netlink_diag *diag, uint64_t inode)
{
	uint64_t index;

	return inode != 0 && id_map_get(&diag->by_inode, inode, &index) ? &diag->sockets[index] : NULL;
}

const struct netlink_diag_socket *netlink_diag_find_port(const struct netlink_diag *diag, uint32_t protocol,
							 uint32_t port)
{
	for (size_t i = 0; i < diag->sockets_count; i++)
		if (diag->sockets[i].protocol == protocol && diag->sockets[i].port == port)
			return &diag->sockets[i];
	return NULL;
}
