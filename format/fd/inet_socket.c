/* SPDX-License-Identifier: MIT */
/* What valid addresses and memberships of internet sockets are. */
#include "format/fd/inet_socket.h"

#include <errno.h>
#include <string.h>

static int refuse(const char *reason, const char **ret_reason)
{
	*ret_reason = reason;
	return -EBADMSG;
}

/* Empty is no name, which is valid as well. */
static bool is_interface(const char *name)
{
	size_t length = name ? strnlen(name, INET_INTERFACE_SIZE) : 0;

	return length < INET_INTERFACE_SIZE && (length == 0 || (!strchr(name, '/') && !strchr(name, '%')));
}

int inet_image_check(const Cr__InetAddress *image, int family, const char **ret_reason)
{
	if (image->address.len != inet_address_size(family))
		return refuse("it has an address of the wrong size", ret_reason);
	if (image->port > UINT16_MAX)
		return refuse("it has a port that is not valid", ret_reason);
	if (!is_interface(image->interface))
		return refuse("it has an address on an interface of an invalid name", ret_reason);
	return 0;
}

struct inet_address inet_image_address(const Cr__InetAddress *image)
{
	struct inet_address address = {
		.family = image->address.len == inet_address_size(AF_INET) ? AF_INET : AF_INET6,
		.port = (uint16_t)image->port,
	};

	memcpy(address.bytes, image->address.data, image->address.len);
	return address;
}

/* IPv6 sockets have groups of both families. */
static int check_membership(const Cr__InetMembership *membership, int family, const char **ret_reason)
{
	struct inet_address group = {.family = (uint16_t)family};

	if (membership->group.len == inet_address_size(AF_INET))
		group.family = AF_INET;
	if (membership->group.len != inet_address_size(group.family))
		return refuse("it has a multicast group of the wrong size", ret_reason);
	memcpy(group.bytes, membership->group.data, membership->group.len);
	if (!inet_address_is_multicast(&group))
		return refuse("it has a multicast group that is none", ret_reason);
	if (!is_interface(membership->interface) || !membership->interface || !membership->interface[0])
		return refuse("it has a multicast group without an interface", ret_reason);
	if (membership->n_sources > INET_SOURCES_MAX)
		return refuse("it has too many sources of a multicast group", ret_reason);
	for (size_t i = 0; i < membership->n_sources; i++)
		if (membership->sources[i].len != membership->group.len)
			return refuse("it has a multicast source of the wrong size", ret_reason);
	return 0;
}

static int check_addresses(const Cr__InetSocket *socket, const char **ret_reason)
{
	int r = 0;

	if (inet_address_size((int)socket->family) == 0)
		return refuse("it is of an unknown family", ret_reason);
	if (socket->local)
		r = inet_image_check(socket->local, (int)socket->family, ret_reason);
	if (r == 0 && socket->peer)
		r = inet_image_check(socket->peer, (int)socket->family, ret_reason);
	if (r < 0)
		return r;
	if (socket->peer && !socket->local)
		return refuse("it is connected, but has no address of its own", ret_reason);
	if (socket->shutdown & ~(INET_SHUTDOWN_RECEIVE | INET_SHUTDOWN_SEND))
		return refuse("it is shut down in an unknown way", ret_reason);
	if (!is_interface(socket->unicast_interface) || !is_interface(socket->ipv6_unicast_interface) ||
	    !is_interface(socket->ipv6_multicast_interface))
		return refuse("it sends to an interface of an invalid name", ret_reason);
	return 0;
}

int inet_socket_check(const Cr__InetSocket *socket, const struct socket_option_table *protocol_table,
		      const char **ret_reason)
{
	int r = check_addresses(socket, ret_reason);

	if (r == 0 && socket->n_memberships > INET_MEMBERSHIPS_MAX)
		r = refuse("it has too many multicast groups", ret_reason);
	for (size_t i = 0; r == 0 && i < socket->n_memberships; i++)
		r = check_membership(socket->memberships[i], (int)socket->family, ret_reason);
	if (r == 0)
		r = socket_options_check(&socket_options_shared, socket->shared_options, ret_reason);
	if (r == 0)
		r = socket_options_check(&socket_options_ip, socket->ip_options, ret_reason);
	if (r == 0)
		r = socket_options_check(&socket_options_ipv6, socket->ipv6_options, ret_reason);
	if (r == 0)
		r = socket_options_check(protocol_table, socket->protocol_options, ret_reason);
	return r;
}
