/* SPDX-License-Identifier: MIT */
/* Asks for what internet sockets of all protocols have. */
#include "dumper/fd/inet_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/in6.h>
#include <net/if.h>
#include <poll.h>

#include "common/cleanup.h"
#include "common/netlink/route.h"
#include "dumper/fd/socket_base.h"
#include "dumper/fd/socket_options.h"

Cr__InetAddress *inet_image_new(struct arena *arena, const struct inet_address *address)
{
	Cr__InetAddress *image = arena_new(arena, Cr__InetAddress);
	char name[IF_NAMESIZE] = "";

	if (!image || (address->interface != 0 && !if_indextoname(address->interface, name)))
		return NULL;
	cr__inet_address__init(image);
	image->address = arena_bytes(arena, address->bytes, inet_address_size(address->family));
	image->port = address->port;
	image->interface = arena_string(arena, name);
	return image->address.data && image->interface ? image : NULL;
}

static int collect_address(struct dump *dump, int fd, int (*ask)(int, struct sockaddr *, socklen_t *),
			   Cr__InetAddress **ret_image)
{
	struct sockaddr_storage storage = {0};
	socklen_t size = sizeof(storage);
	struct inet_address address;

	if (ask(fd, (struct sockaddr *)&storage, &size) < 0)
		return errno == ENOTCONN ? 0 : log_error_errno(-errno, "cannot ask for its address");
	if (!inet_address_from_sockaddr(&address, &storage, size))
		return log_error_errno(-EPROTO, "cannot understand its address");
	/* Not bound at all. */
	if (address.port == 0 && inet_address_is_any(&address))
		return 0;
	*ret_image = inet_image_new(&dump->arena, &address);
	return *ret_image ? 0 : log_error_errno(-ENOMEM, "cannot note its address");
}

/*
 * An address of none of the interfaces may be bound with IP_FREEBIND, which may have been taken back since;
 * or its interface has lost it. A connection needs its address anyway.
 */
static int collect_foreignness(Cr__InetSocket *image)
{
	struct inet_address address;
	int r;

	if (!image->local || (image->peer && image->type == SOCK_STREAM))
		return 0;
	address = inet_image_address(image->local);
	if (inet_address_is_any(&address) || inet_address_is_multicast(&address) ||
	    inet_address_is_link_local(&address))
		return 0;
	r = route_is_local(&address);
	if (r < 0)
		return log_error_errno(r, "cannot ask whether its address is local");
	image->is_address_foreign = r == 0;
	return 0;
}

/* An option that is the number of an interface, *RET_NAME: "" if it is none. */
static int collect_interface(struct dump *dump, int fd, int level, int number, bool is_swapped,
			     char **ret_name)
{
	char name[IF_NAMESIZE] = "";
	socklen_t size = sizeof(uint32_t);
	uint32_t index = 0;

	if (getsockopt(fd, level, number, &index, &size) < 0) {
		if (errno != ENOPROTOOPT)
			return log_error_errno(-errno, "cannot ask which interface it sends to");
		index = 0;
	}
	if (is_swapped)
		index = ntohl(index);
	if (index != 0 && !if_indextoname(index, name))
		blockers_add(&dump->blockers,
			     "it sends to the network interface %u, which is not there any more", index);
	*ret_name = arena_string(&dump->arena, name);
	return *ret_name ? 0 : log_error_errno(-ENOMEM, "cannot note an interface");
}

static int collect_interfaces(struct dump *dump, int fd, Cr__InetSocket *image)
{
	int r = collect_interface(dump, fd, IPPROTO_IP, IP_UNICAST_IF, true, &image->unicast_interface);

	if (r < 0 || image->family != AF_INET6)
		return r;
	r = collect_interface(dump, fd, IPPROTO_IPV6, IPV6_UNICAST_IF, true, &image->ipv6_unicast_interface);
	if (r < 0)
		return r;
	return collect_interface(dump, fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, false,
				 &image->ipv6_multicast_interface);
}

static int collect_options(struct dump *dump, int fd, const struct socket_option_table *protocol_table,
			   Cr__InetSocket *image)
{
	int r = socket_options_collect_shared(dump, fd, &image->shared_options);

	if (r == 0)
		r = socket_options_collect(dump, fd, &socket_options_ip, &image->ip_options);
	if (r == 0 && image->family == AF_INET6)
		r = socket_options_collect(dump, fd, &socket_options_ipv6, &image->ipv6_options);
	if (r == 0)
		r = socket_options_collect(dump, fd, protocol_table, &image->protocol_options);
	return r;
}

/* A flow label that was asked for (IPV6_FLOWLABEL_MGR) and is in use. */
static void check_flow_label(struct dump *dump, int fd)
{
	struct in6_flowlabel_req label = {0};
	socklen_t size = sizeof(label);

	if (getsockopt(fd, IPPROTO_IPV6, IPV6_FLOWLABEL_MGR, &label, &size) == 0 && label.flr_label != 0)
		blockers_add(&dump->blockers,
			     "its socket has the IPv6 flow label %#x, which cannot be preserved",
			     ntohl(label.flr_label));
}

/* Connected to an address of IPv6 and then to a mapped one, or the other way: the first own address stays. */
static void check_versions(struct dump *dump, const Cr__InetSocket *image)
{
	char text[INET_ADDRESS_TEXT_SIZE], peer_text[INET_ADDRESS_TEXT_SIZE];
	struct inet_address own, peer;

	if (!image->local || !image->peer)
		return;
	own = inet_image_address(image->local);
	peer = inet_image_address(image->peer);
	if (!inet_address_is_any(&own) && inet_address_is_mapped(&own) != inet_address_is_mapped(&peer))
		blockers_add(
			&dump->blockers,
			"its socket, with the address %s, is connected to %s, of the other version of IP; "
			"that cannot be made again: let the program connect it anew",
			inet_address_format(&own, text), inet_address_format(&peer, peer_text));
}

uint32_t inet_socket_shutdown(int fd)
{
	struct pollfd socket = {.fd = fd, .events = POLLRDHUP};

	if (poll(&socket, 1, 0) != 1)
		return 0;
	return (socket.revents & POLLRDHUP ? INET_SHUTDOWN_RECEIVE : 0) |
	       (socket.revents & POLLHUP ? INET_SHUTDOWN_RECEIVE | INET_SHUTDOWN_SEND : 0);
}

bool inet_socket_has_error(struct dump *dump, int fd)
{
	if (!socket_has_error(fd))
		return false;
	blockers_add(&dump->blockers,
		     "its socket has an error that the program has not read yet (SO_ERROR, or "
		     "MSG_ERRQUEUE of recv(2)): try again when it has");
	return true;
}

int inet_socket_collect(struct dump *dump, const struct process *process, const struct fd_info *info,
			const struct open_file *file, const struct socket_option_table *protocol_table,
			struct inet_entry *entry)
{
	Cr__InetSocket *image = arena_new(&dump->arena, Cr__InetSocket);
	struct socket_type type = info->socket;
	struct socket_place place;
	int r;

	if (!image)
		return log_error_errno(-ENOMEM, "cannot note its socket");
	cr__inet_socket__init(image);
	r = socket_place_init(&place, dump, process, info, file);
	if (r < 0)
		return r;
	*entry = (struct inet_entry){place.process, place.where, place.inode, place.description, image};
	image->family = (uint32_t)type.family;
	image->type = (uint32_t)type.type;
	image->protocol = (uint32_t)type.protocol;
	image->uid = info->stat.st_uid;
	image->gid = info->stat.st_gid;
	if (image->family == AF_INET6)
		check_flow_label(dump, info->our_fd);
	r = socket_check_network(dump, info->our_fd);
	if (r == 0)
		r = collect_address(dump, info->our_fd, getsockname, &image->local);
	if (r == 0)
		r = collect_address(dump, info->our_fd, getpeername, &image->peer);
	if (r == 0)
		check_versions(dump, image);
	if (r == 0)
		r = collect_foreignness(image);
	if (r == 0)
		r = collect_options(dump, info->our_fd, protocol_table, image);
	if (r == 0)
		r = collect_interfaces(dump, info->our_fd, image);
	return r < 0 ? r : socket_place_want_holders(dump, &place);
}

int inet_socket_check_holders(struct dump *dump, const struct inet_entry *entry)
{
	const struct socket_place place = {entry->process, entry->where, entry->inode, entry->description};

	return socket_place_check_holders(dump, &place);
}
