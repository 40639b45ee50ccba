/* SPDX-License-Identifier: MIT */
/* Internet sockets by sock_diag(7). */
#include "common/netlink/inet_diag.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <netinet/in.h>
#include <netlink/attr.h>
#include <stdlib.h>
#include <string.h>

#include "common/netlink/sock_diag.h"
#include "common/vector.h"

/* One family and protocol. */
struct reading {
	struct inet_diag *diag;
	size_t first; /* sockets that were there before */
};

static struct inet_address make_address(int family, const void *bytes, uint16_t port, uint32_t interface)
{
	struct inet_address address = {.family = (uint16_t)family, .port = ntohs(port)};

	memcpy(address.bytes, bytes, inet_address_size(family));
	if (inet_address_is_link_local(&address))
		address.interface = interface;
	return address;
}

static uint8_t attribute_u8(const struct sock_diag_attributes *attributes, int type)
{
	const uint8_t *data = sock_diag_attribute(attributes, type, sizeof(*data), NULL);

	return data ? *data : 0;
}

/* The name is an attribute inside of INET_DIAG_ULP_INFO. */
static void take_ulp(const struct sock_diag_attributes *attributes, struct inet_diag_socket *socket)
{
	size_t size = 0;
	const void *nested =
		sock_diag_attribute(attributes, INET_DIAG_ULP_INFO, sizeof(struct nlattr), &size);
	const struct nlattr *name = nested ? nla_find(nested, (int)size, INET_ULP_INFO_NAME) : NULL;

	if (name)
		nla_strlcpy(socket->ulp, name, sizeof(socket->ulp));
}

/* An IPv4 connection may be one of an IPv6 socket at either end. */
static uint64_t hash_connection(const struct inet_address *local, const struct inet_address *peer)
{
	struct inet_address ends[] = {inet_address_unmap(local), inet_address_unmap(peer)};
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		const unsigned char *bytes = ends[i].bytes;

		for (size_t j = 0; j < sizeof(ends[i].bytes); j++)
			hash = (hash ^ bytes[j]) * 0x100000001b3;
		hash = (hash ^ ends[i].port) * 0x100000001b3;
	}
	return hash;
}

static int restart(struct reading *reading)
{
	struct inet_diag *diag = reading->diag;

	for (size_t i = reading->first; i < diag->sockets_count; i++) {
		const struct inet_diag_socket *socket = &diag->sockets[i];

		id_map_remove(&diag->by_inode, socket->inode);
		id_map_remove(&diag->by_connection, hash_connection(&socket->local, &socket->peer));
	}
	diag->sockets_count = reading->first;
	return 0;
}

static int take_socket(const void *message, const struct sock_diag_attributes *attributes, void *context)
{
	const struct inet_diag_msg *about = message;
	struct reading *reading = context;
	struct inet_diag *diag = reading->diag;
	struct inet_diag_socket *socket;

	if (!message)
		return restart(reading);
	if (inet_address_size(about->idiag_family) == 0)
		return -EBADMSG;
	socket = vector_append(diag, sockets);
	if (!socket)
		return -ENOMEM;
	*socket = (struct inet_diag_socket){
		.local = make_address(about->idiag_family, about->id.idiag_src, about->id.idiag_sport,
				      about->id.idiag_if),
		.peer = make_address(about->idiag_family, about->id.idiag_dst, about->id.idiag_dport,
				     about->id.idiag_if),
		.inode = about->idiag_inode,
		.cookie = (uint64_t)about->id.idiag_cookie[1] << 32 | about->id.idiag_cookie[0],
		.uid = about->idiag_uid,
		.state = about->idiag_state,
		.shutdown = attribute_u8(attributes, INET_DIAG_SHUTDOWN),
		.is_v6_only = attribute_u8(attributes, INET_DIAG_SKV6ONLY),
		.has_md5_keys = sock_diag_attribute(attributes, INET_DIAG_MD5SIG, 1, NULL),
		.interface = about->id.idiag_if,
		.receive_queue = about->idiag_rqueue,
		.send_queue = about->idiag_wqueue,
	};
	take_ulp(attributes, socket);
	if (socket->peer.port != 0 &&
	    id_map_set(&diag->by_connection, hash_connection(&socket->local, &socket->peer),
		       diag->sockets_count - 1) < 0)
		return -ENOMEM;
	return socket->inode == 0 ? 0 : id_map_set(&diag->by_inode, socket->inode, diag->sockets_count - 1);
}

static int read_family(struct inet_diag *diag, int family, int protocol)
{
	struct reading reading = {.diag = diag, .first = diag->sockets_count};
	const struct inet_diag_req_v2 request = {
		.sdiag_family = (uint8_t)family,
		.sdiag_protocol = (uint8_t)protocol,
		.idiag_ext = (uint8_t)(1 << (INET_DIAG_INFO - 1)), /* with it comes what TCP_ULP tells */
		.idiag_states = ~0U,
	};

	return sock_diag_dump(
		&(struct sock_diag_question){
			.request = &request,
			.request_size = sizeof(request),
			.message_size = sizeof(struct inet_diag_msg),
			.attribute_max = INET_DIAG_MAX,
		},
		take_socket, &reading);
}

int inet_diag_read(struct inet_diag *diag, int protocol)
{
	int r = read_family(diag, AF_INET, protocol);

	/* A kernel without IPv6 has no such sockets. */
	if (r == 0)
		r = read_family(diag, AF_INET6, protocol);
	return r;
}

void inet_diag_done(struct inet_diag *diag)
{
	free(diag->sockets);
	id_map_done(&diag->by_inode);
	id_map_done(&diag->by_connection);
	*diag = (struct inet_diag){0};
}

const struct inet_diag_socket *inet_diag_find(const struct inet_diag *diag, uint64_t inode)
{
	uint64_t index;

	return inode != 0 && id_map_get(&diag->by_inode, inode, &index) ? &diag->sockets[index] : NULL;
}

static bool is_same(const struct inet_address *one, const struct inet_address *other)
{
	struct inet_address first = inet_address_unmap(one), second = inet_address_unmap(other);

	return inet_address_is_equal(&first, &second);
}

const struct inet_diag_socket *inet_diag_find_peer(const struct inet_diag *diag,
						   const struct inet_diag_socket *socket)
{
	const struct inet_diag_socket *found;
	uint64_t index;

	if (socket->peer.port == 0 ||
	    !id_map_get(&diag->by_connection, hash_connection(&socket->peer, &socket->local), &index))
		return NULL;
	found = &diag->sockets[index];
	return is_same(&found->local, &socket->peer) && is_same(&found->peer, &socket->local) ? found : NULL;
}

int inet_diag_destroy(const struct inet_diag_socket *socket)
{
	struct inet_diag_req_v2 request = {
		.sdiag_family = (uint8_t)socket->local.family,
		.sdiag_protocol = IPPROTO_TCP,
		.idiag_states = ~0U,
		.id =
			{
				.idiag_sport = htons(socket->local.port),
				.idiag_dport = htons(socket->peer.port),
				.idiag_if = socket->interface,
				.idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE},
			},
	};

	memcpy(request.id.idiag_src, socket->local.bytes, inet_address_size(socket->local.family));
	memcpy(request.id.idiag_dst, socket->peer.bytes, inet_address_size(socket->peer.family));
	return sock_diag_destroy(&(struct sock_diag_question){
		.request = &request,
		.request_size = sizeof(request),
		.message_size = sizeof(struct inet_diag_msg),
		.attribute_max = INET_DIAG_MAX,
	});
}
