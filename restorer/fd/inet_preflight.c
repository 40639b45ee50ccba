/* SPDX-License-Identifier: MIT */
/* What speaks against an internet socket here and now: tried with sockets that are closed at once. */
#include <errno.h>
#include <linux/capability.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/pidref.h"
#include "common/printable.h"
#include "common/proc/fd_search.h"
#include "restorer/fd/inet_socket.h"
#include "restorer/fd/socket_base.h"
#include "restorer/fd/socket_options.h"

/* One socket being looked at. */
struct inspection {
	struct restore *restore;
	const struct object *object;
	const Cr__InetSocket *socket;
	const struct socket_option_table *protocol_table;
	char name[INET_DESCRIPTION_SIZE];
};

static void holders_done(struct fd_search *search)
{
	fd_search_done(search);
}

/* "'named' (pid 12, fd 5)". Also *ret_fd, a descriptor of ours for that socket, -EBADF if it cannot be had.
 */
static int describe_holder(uint64_t inode, char text[INET_HOLDER_TEXT_SIZE], int *ret_fd)
{
	const struct fd_object object = {.type = FD_OBJECT_SOCKET, .inode = inode};
	cleanup_(holders_done) struct fd_search search = {0};
	cleanup_(pidref_done) struct pidref pidref = PIDREF_NULL;
	const struct fd_holder *holder;
	char comm[64];
	size_t count = 0;
	int r = inode != 0 ? fd_search_add(&search, &object) : 0;

	*ret_fd = -EBADF;
	if (r > 0)
		r = fd_search_run(&search);
	if (r < 0)
		return log_error_errno(r, "cannot look at the descriptors of other processes");
	holder = inode != 0 ? fd_search_get(&search, &object, &count) : NULL;
	if (!holder || count == 0) {
		snprintf(text, INET_HOLDER_TEXT_SIZE, "%s",
			 inode == 0 ? "a connection of a program that has closed it" : "another program");
		return 0;
	}
	snprintf(text, INET_HOLDER_TEXT_SIZE, "'%s' (pid %d, fd %d)",
		 printable(holder->comm, comm, sizeof(comm)), holder->pid, holder->fd);
	if (pidref_open(holder->pid, &pidref) == 0 && pidref_getfd(&pidref, holder->fd, ret_fd) < 0)
		*ret_fd = -EBADF;
	return 0;
}

static bool get_flag(int fd, int number)
{
	int value = 0;
	socklen_t size = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, number, &value, &size) == 0 && value != 0;
}

static bool has_option(const Cr__InetSocket *socket, int number)
{
	return socket_options_get_int(socket->shared_options, SOL_SOCKET, number, 0) != 0;
}

/* Both allow it: SO_REUSEADDR, or SO_REUSEPORT and the same user, socket(7). */
static bool may_share(const Cr__InetSocket *socket, const struct inet_diag_socket *other, int other_fd)
{
	if (other_fd < 0)
		return false;
	if (has_option(socket, SO_REUSEADDR) && get_flag(other_fd, SO_REUSEADDR))
		return true;
	return has_option(socket, SO_REUSEPORT) && get_flag(other_fd, SO_REUSEPORT) &&
	       other->uid == socket->uid;
}

/* An address "any" of IPv6 is one of IPv4 as well, unless the socket takes IPv6 only. */
static bool is_overlap(struct inet_address one, bool one_is_v6_only, struct inet_address other,
		       bool other_is_v6_only)
{
	bool one_is_any = inet_address_is_any(&one), other_is_any = inet_address_is_any(&other);

	one = inet_address_unmap(&one);
	other = inet_address_unmap(&other);
	if (one.port != other.port)
		return false;
	if (one.family == other.family)
		return one_is_any || other_is_any || inet_address_is_equal(&one, &other);
	return one.family == AF_INET6 ? one_is_any && !one_is_v6_only : other_is_any && !other_is_v6_only;
}

bool inet_socket_overlaps(const Cr__InetSocket *socket, const struct inet_diag_socket *other)
{
	bool is_v6_only = socket_options_get_int(socket->ipv6_options, IPPROTO_IPV6, IPV6_V6ONLY, 0) != 0;

	return socket->local && socket->local->port != 0 && socket->local->port == other->local.port &&
	       is_overlap(inet_image_address(socket->local), is_v6_only, other->local, other->is_v6_only);
}

/* The device that it is bound to, as an index; 0: none. */
static uint32_t bound_interface(const Cr__InetSocket *socket)
{
	const Cr__SocketOption *option =
		socket_options_get(socket->shared_options, SOL_SOCKET, SO_BINDTODEVICE);
	char name[IF_NAMESIZE] = "";

	if (!option)
		return 0;
	memcpy(name, option->value.data, MIN(option->value.len, sizeof(name) - 1));
	return if_nametoindex(name);
}

int inet_socket_describe_holder(uint64_t inode, char text[INET_HOLDER_TEXT_SIZE])
{
	cleanup_close int fd = -EBADF;

	return describe_holder(inode, text, &fd);
}

static int check_against(struct inspection *inspection, const struct inet_diag_socket *other)
{
	const Cr__InetSocket *socket = inspection->socket;
	uint32_t interface = bound_interface(socket);
	char holder[INET_HOLDER_TEXT_SIZE], address[INET_ADDRESS_TEXT_SIZE];
	cleanup_close int fd = -EBADF;
	int r;

	if (!inet_socket_overlaps(socket, other) ||
	    (interface != 0 && other->interface != 0 && interface != other->interface))
		return 0;
	r = describe_holder(other->inode, holder, &fd);
	if (r < 0 || may_share(socket, other, fd))
		return r;
	blockers_add(&inspection->restore->blockers,
		     "%s: its port is taken by %s, whose socket has %s: end it", inspection->name, holder,
		     inet_address_format(&other->local, address));
	return 1;
}

/* One is reason enough. */
static int check_others(struct inspection *inspection, const struct inet_diag *diag)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < diag->sockets_count; i++)
		r = check_against(inspection, &diag->sockets[i]);
	return MIN(r, 0);
}

/* PORT 0: any that is free. */
static int try_bind(int fd, struct inet_address address, uint16_t port)
{
	struct sockaddr_storage storage;
	socklen_t size;

	address.port = port;
	size = inet_address_to_sockaddr(&address, &storage);
	return bind(fd, (struct sockaddr *)&storage, size) < 0 ? -errno : 0;
}

static void refuse_address(struct inspection *inspection, const struct inet_address *own, int error)
{
	char text[INET_ADDRESS_TEXT_SIZE];

	if (error == -EADDRNOTAVAIL)
		blockers_add(&inspection->restore->blockers,
			     "%s: its address %s is not one of this host's: give it to an interface",
			     inspection->name, inet_address_format(own, text));
	else
		blockers_add(&inspection->restore->blockers, "%s cannot be bound to %s here: %s",
			     inspection->name, inet_address_format(own, text), strerror(-error));
}

/* Who it is that has the port of a stream socket, as bind(2) has found. */
static int refuse_port(struct inspection *inspection, const struct inet_diag *diag)
{
	bool is_only_waiting = kernel_features_has_cap(&inspection->restore->features, CAP_NET_ADMIN);

	for (size_t i = 0; i < diag->sockets_count; i++) {
		const struct inet_diag_socket *other = &diag->sockets[i];
		char holder[INET_HOLDER_TEXT_SIZE], address[INET_ADDRESS_TEXT_SIZE];
		cleanup_close int fd = -EBADF;
		int r;

		if (!inet_socket_overlaps(inspection->socket, other))
			continue;
		if (other->inode == 0) {
			is_only_waiting &= other->state == TCP_TIME_WAIT;
			continue;
		}
		r = describe_holder(other->inode, holder, &fd);
		if (r == 0)
			blockers_add(&inspection->restore->blockers,
				     "%s: its port is taken by %s, whose socket has %s: end it",
				     inspection->name, holder, inet_address_format(&other->local, address));
		return r;
	}
	/* Those in TIME_WAIT are ended when the restore has begun. */
	if (!is_only_waiting)
		blockers_add(&inspection->restore->blockers,
			     "%s: its port is still taken by connections that a program has closed (see ss "
			     "-tan): try again in a minute",
			     inspection->name);
	return 0;
}

/* A stream socket that is bound and does not listen is in nobody's way for that moment. */
static int check_stream_port(struct inspection *inspection, const struct inet_diag *diag,
			     const struct inet_address *own)
{
	int reuse = has_option(inspection->socket, SO_REUSEADDR);
	cleanup_close int fd = -EBADF;
	int r = inet_socket_new(inspection->socket, inspection->protocol_table, &fd);

	if (r < 0)
		return r;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof(reuse)) < 0)
		return log_error_errno(-errno, "cannot set SO_REUSEADDR");
	r = try_bind(fd, *own, own->port);
	if (r == -EADDRINUSE)
		return refuse_port(inspection, diag);
	if (r < 0)
		refuse_address(inspection, own, r);
	return 0;
}

static void check_peer(struct inspection *inspection, int fd)
{
	char text[INET_ADDRESS_TEXT_SIZE];
	struct sockaddr_storage storage;
	struct inet_address peer;
	const int on = 1;

	if (!inspection->socket->peer || inspection->socket->type == SOCK_STREAM ||
	    inet_image_to_address(inspection->socket->peer, &peer) < 0)
		return;
	(void)setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on));
	if (connect(fd, (struct sockaddr *)&storage, inet_address_to_sockaddr(&peer, &storage)) < 0)
		blockers_add(&inspection->restore->blockers,
			     "%s was connected to %s, where no way leads from "
			     "here: %s",
			     inspection->name, inet_address_format(&peer, text), strerror(errno));
}

/* An interface that is not there has been reported. */
static int check_address(struct inspection *inspection, const struct inet_diag *diag)
{
	const Cr__InetSocket *socket = inspection->socket;
	cleanup_close int fd = -EBADF;
	struct inet_address own;
	int r;

	if (!socket->local || inet_image_to_address(socket->local, &own) < 0)
		return 0;
	if (socket_options_get(socket->shared_options, SOL_SOCKET, SO_BINDTODEVICE) &&
	    bound_interface(socket) == 0)
		return 0;
	r = inet_socket_new(socket, inspection->protocol_table, &fd);
	if (r < 0)
		return r;
	r = try_bind(fd, own, 0);
	if (r < 0) {
		refuse_address(inspection, &own, r);
		return 0;
	}
	check_peer(inspection, fd);
	if (!diag || own.port == 0)
		return 0;
	return socket->type == SOCK_STREAM ? check_stream_port(inspection, diag, &own)
					   : check_others(inspection, diag);
}

static void check_interface(struct inspection *inspection, const char *name, const char *what)
{
	if (name && name[0] && if_nametoindex(name) == 0)
		blockers_add(&inspection->restore->blockers,
			     "%s %s '%s', and there is no such network interface here", inspection->name,
			     what, name);
}

static void check_interfaces(struct inspection *inspection)
{
	const Cr__InetSocket *socket = inspection->socket;
	const Cr__SocketOption *device =
		socket_options_get(socket->shared_options, SOL_SOCKET, SO_BINDTODEVICE);
	char name[IF_NAMESIZE] = "";

	if (device)
		memcpy(name, device->value.data, MIN(device->value.len, sizeof(name) - 1));
	check_interface(inspection, name, "is bound to");
	check_interface(inspection, socket->local ? socket->local->interface : NULL, "has an address on");
	check_interface(inspection, socket->peer ? socket->peer->interface : NULL, "is connected over");
	check_interface(inspection, socket->unicast_interface, "sends by");
	check_interface(inspection, socket->ipv6_unicast_interface, "sends by");
	check_interface(inspection, socket->ipv6_multicast_interface, "sends by");
	for (size_t i = 0; i < socket->n_memberships; i++)
		check_interface(inspection, socket->memberships[i]->interface, "is member of a group on");
}

/* The address that multicast goes out from, IP_MULTICAST_IF. */
static int check_multicast_source(struct inspection *inspection)
{
	const Cr__SocketOption *option =
		socket_options_get(inspection->socket->ip_options, IPPROTO_IP, IP_MULTICAST_IF);
	struct inet_address address = {.family = AF_INET};
	cleanup_close int fd = -EBADF;
	char text[INET_ADDRESS_TEXT_SIZE];

	if (!option)
		return 0;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return log_error_errno(-errno, "cannot make a socket");
	memcpy(address.bytes, option->value.data, 4);
	if (setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, address.bytes, 4) < 0)
		blockers_add(&inspection->restore->blockers,
			     "%s sends to groups from the address %s, which is not one of this host's",
			     inspection->name, inet_address_format(&address, text));
	return 0;
}

int inet_socket_preflight(struct restore *restore, const struct object *object, const Cr__InetSocket *socket,
			  const struct socket_option_table *protocol_table, const struct inet_diag *diag)
{
	struct inspection inspection = {
		.restore = restore, .object = object, .socket = socket, .protocol_table = protocol_table};
	size_t known = restore->blockers.texts_count;
	int r;

	inet_socket_describe(object, socket, inspection.name);
	socket_options_preflight(restore, &socket_options_shared, socket->shared_options, inspection.name);
	socket_options_preflight(restore, &socket_options_ip, socket->ip_options, inspection.name);
	socket_options_preflight(restore, &socket_options_ipv6, socket->ipv6_options, inspection.name);
	socket_options_preflight(restore, protocol_table, socket->protocol_options, inspection.name);
	socket_owner_preflight(restore, socket->uid, socket->gid, inspection.name);
	check_interfaces(&inspection);
	r = check_multicast_source(&inspection);
	/* What may not be set need not be tried. */
	if (r < 0 || restore->blockers.texts_count > known)
		return r;
	return check_address(&inspection, diag);
}
