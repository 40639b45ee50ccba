/* SPDX-License-Identifier: MIT */
/* Makes internet sockets of all protocols. */
#include "restorer/fd/inet_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/in6.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "restorer/fd/socket_options.h"

static const char *protocol_name(const Cr__InetSocket *socket)
{
	if (socket->type == SOCK_RAW)
		return "raw IP";
	switch (socket->protocol) {
	case IPPROTO_TCP:
		return "TCP";
	case IPPROTO_UDP:
		return "UDP";
	case IPPROTO_UDPLITE:
		return "UDP-Lite";
	default:
		return "ping";
	}
}

const char *inet_socket_describe(const struct object *object, const Cr__InetSocket *socket,
				 char buffer[INET_DESCRIPTION_SIZE])
{
	char own[INET_ADDRESS_TEXT_SIZE] = "";
	struct inet_address address;

	if (socket->local) {
		address = inet_image_address(socket->local);
		inet_address_format(&address, own);
	}
	snprintf(buffer, INET_DESCRIPTION_SIZE, "%s socket %s%s(open file %u)", protocol_name(socket), own,
		 own[0] ? " " : "", object->image->id);
	return buffer;
}

int inet_image_to_address(const Cr__InetAddress *image, struct inet_address *ret_address)
{
	struct inet_address address = inet_image_address(image);

	if (image->interface && image->interface[0]) {
		address.interface = if_nametoindex(image->interface);
		if (address.interface == 0)
			return -ENODEV;
	}
	*ret_address = address;
	return 0;
}

static int set_int(int fd, int level, int number, const char *name, int value)
{
	return setsockopt(fd, level, number, &value, sizeof(value)) < 0
		       ? log_error_errno(-errno, "cannot set %s", name)
		       : 0;
}

int inet_socket_new(const Cr__InetSocket *image, const struct socket_option_table *protocol_table,
		    int *ret_fd)
{
	cleanup_close int fd =
		socket((int)image->family, (int)image->type | SOCK_CLOEXEC, (int)image->protocol);
	int r;

	if (fd < 0)
		return log_error_errno(-errno, "cannot make a socket of family %u, type %u, protocol %u",
				       image->family, image->type, image->protocol);
	/* Also whose it is for packet filters, and who may share its port. */
	if (fchown(fd, image->uid, image->gid) < 0)
		return log_error_errno(-errno, "cannot make user %u the owner of its socket", image->uid);
	r = socket_options_apply_early(fd, &socket_options_ip, image->ip_options);
	if (r == 0)
		r = socket_options_apply_early(fd, &socket_options_ipv6, image->ipv6_options);
	if (r == 0)
		r = socket_options_apply_early(fd, protocol_table, image->protocol_options);
	if (r == 0)
		r = socket_options_apply_early(fd, &socket_options_shared, image->shared_options);
	if (r == 0)
		r = set_int(fd, SOL_SOCKET, SO_REUSEADDR, "SO_REUSEADDR", 1);
	if (r == 0 && image->is_address_foreign)
		r = set_int(fd, IPPROTO_IP, IP_FREEBIND, "IP_FREEBIND", 1);
	if (r < 0)
		return r;
	*ret_fd = take_fd(&fd);
	return 0;
}

static int with_address(const Cr__InetAddress *image, int fd,
			int (*use)(int fd, const struct sockaddr *address, socklen_t size), const char *what)
{
	char text[INET_ADDRESS_TEXT_SIZE];
	struct sockaddr_storage storage;
	struct inet_address address;
	int r = inet_image_to_address(image, &address);

	if (r < 0)
		return log_error_errno(r, "there is no network interface '%s'", image->interface);
	if (use(fd, (const struct sockaddr *)&storage, inet_address_to_sockaddr(&address, &storage)) == 0)
		return 0;
	return log_error_errno(-errno, "cannot %s its socket to %s", what,
			       inet_address_format(&address, text));
}

int inet_socket_bind(const Cr__InetSocket *image, int fd)
{
	return image->local ? with_address(image->local, fd, bind, "bind") : 0;
}

int inet_socket_connect(const Cr__InetSocket *image, int fd)
{
	static const int ways[] = {0, SHUT_RD, SHUT_WR, SHUT_RDWR};
	int r = image->peer ? with_address(image->peer, fd, connect, "connect") : 0;

	if (r < 0 || image->shutdown == 0)
		return r;
	/* It takes effect on one that is not connected as well, and says ENOTCONN. */
	if (shutdown(fd, ways[image->shutdown]) < 0 && errno != ENOTCONN)
		return log_error_errno(-errno, "cannot shut its socket down");
	return 0;
}

static int set_interface(int fd, int level, int number, const char *option, const char *name, bool is_swapped)
{
	unsigned index;

	if (!name || !name[0])
		return 0;
	index = if_nametoindex(name);
	if (index == 0)
		return log_error_errno(-errno, "cannot find network interface '%s'", name);
	return set_int(fd, level, number, option, (int)(is_swapped ? htonl(index) : index));
}

static int set_interfaces(const Cr__InetSocket *image, int fd)
{
	int r = set_interface(fd, IPPROTO_IP, IP_UNICAST_IF, "IP_UNICAST_IF", image->unicast_interface, true);

	if (r == 0)
		r = set_interface(fd, IPPROTO_IPV6, IPV6_UNICAST_IF, "IPV6_UNICAST_IF",
				  image->ipv6_unicast_interface, true);
	if (r == 0)
		r = set_interface(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, "IPV6_MULTICAST_IF",
				  image->ipv6_multicast_interface, false);
	return r;
}

static void to_sockaddr(const ProtobufCBinaryData *bytes, struct sockaddr_storage *ret_storage)
{
	struct inet_address address = {.family = bytes->len == 4 ? AF_INET : AF_INET6};

	memcpy(address.bytes, bytes->data, bytes->len);
	(void)inet_address_to_sockaddr(&address, ret_storage);
}

/* From all but the sources: a member without sources first. */
static int join_excluding(const Cr__InetMembership *membership, int level, uint32_t interface, int fd)
{
	size_t size = GROUP_FILTER_SIZE(membership->n_sources);
	cleanup_free struct group_filter *filter = NULL;
	struct group_req request = {.gr_interface = interface};

	to_sockaddr(&membership->group, &request.gr_group);
	if (setsockopt(fd, level, MCAST_JOIN_GROUP, &request, sizeof(request)) < 0)
		return -errno;
	if (membership->n_sources == 0)
		return 0;
	filter = calloc(1, size);
	if (!filter)
		return -ENOMEM;
	filter->gf_interface = interface;
	filter->gf_group = request.gr_group;
	filter->gf_fmode = MCAST_EXCLUDE;
	filter->gf_numsrc = (uint32_t)membership->n_sources;
	for (size_t i = 0; i < membership->n_sources; i++)
		to_sockaddr(&membership->sources[i], &filter->gf_slist[i]);
	return setsockopt(fd, level, MCAST_MSFILTER, filter, (socklen_t)size) < 0 ? -errno : 0;
}

static int join_sources(const Cr__InetMembership *membership, int level, uint32_t interface, int fd)
{
	for (size_t i = 0; i < membership->n_sources; i++) {
		struct group_source_req request = {.gsr_interface = interface};

		to_sockaddr(&membership->group, &request.gsr_group);
		to_sockaddr(&membership->sources[i], &request.gsr_source);
		if (setsockopt(fd, level, MCAST_JOIN_SOURCE_GROUP, &request, sizeof(request)) < 0)
			return -errno;
	}
	return 0;
}

static int join(const Cr__InetMembership *membership, int fd)
{
	int level = membership->group.len == 4 ? IPPROTO_IP : IPPROTO_IPV6, r;
	uint32_t interface = if_nametoindex(membership->interface);

	if (interface == 0)
		return log_error_errno(-errno, "cannot find network interface '%s'", membership->interface);
	r = membership->is_exclusion ? join_excluding(membership, level, interface, fd)
				     : join_sources(membership, level, interface, fd);
	if (r < 0)
		return log_error_errno(r, "cannot join a multicast group on interface '%s'",
				       membership->interface);
	return 0;
}

int inet_socket_set_options(const Cr__InetSocket *image, const struct socket_option_table *protocol_table,
			    int fd)
{
	int r = set_interfaces(image, fd);

	for (size_t i = 0; r == 0 && i < image->n_memberships; i++)
		r = join(image->memberships[i], fd);
	if (r == 0 && image->is_address_foreign)
		r = set_int(fd, IPPROTO_IP, IP_FREEBIND, "IP_FREEBIND",
			    socket_options_get_int(image->ip_options, IPPROTO_IP, IP_FREEBIND, 0));
	/* SO_PRIORITY, a shared one, is set by IP_TOS as well. */
	if (r == 0)
		r = socket_options_apply_late(fd, &socket_options_ip, image->ip_options);
	if (r == 0)
		r = socket_options_apply_late(fd, &socket_options_ipv6, image->ipv6_options);
	if (r == 0)
		r = socket_options_apply_late(fd, protocol_table, image->protocol_options);
	if (r == 0)
		r = socket_options_apply_late(fd, &socket_options_shared, image->shared_options);
	if (r == 0)
		r = set_int(fd, SOL_SOCKET, SO_REUSEADDR, "SO_REUSEADDR",
			    socket_options_get_int(image->shared_options, SOL_SOCKET, SO_REUSEADDR, 0));
	return r;
}
