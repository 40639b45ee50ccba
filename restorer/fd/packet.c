/* SPDX-License-Identifier: MIT */
/*
 * Packet sockets, at restore. They are bound at the very end, and a filter keeps everything out until then.
 */
#include "restorer/fd/packet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/netlink/packet_diag.h"
#include "restorer/fd/socket_base.h"
#include "restorer/fd/socket_options.h"

extern const struct fd_restorer packet_fd_restorer;

#define DESCRIPTION_SIZE 96

/* struct packet_mreq, with room for all addresses there are */
struct membership_request {
	int interface;
	unsigned short type, address_size;
	unsigned char address[PACKET_ADDRESS_SIZE_MAX];
};

static const Cr__PacketSocket *image_of(const struct object *object)
{
	return (const Cr__PacketSocket *)object->entry;
}

/* Returns BUFFER. */
static const char *describe(const struct object *object, char buffer[DESCRIPTION_SIZE])
{
	const Cr__PacketSocket *image = image_of(object);

	snprintf(buffer, DESCRIPTION_SIZE, "packet socket of protocol %#x%s%s (open file %u)",
		 image->protocol, image->interface[0] ? " on " : "", image->interface, object->image->id);
	return buffer;
}

static int packet_read(struct restore *restore maybe_unused, struct object *object, const char **ret_reason)
{
	int r = packet_check(image_of(object), ret_reason);

	if (r == 0)
		object->contents_size = image_of(object)->contents_size;
	return r;
}

static void check_interfaces(struct restore *restore, const Cr__PacketSocket *image, const char *name)
{
	if (image->interface[0] && if_nametoindex(image->interface) == 0)
		blockers_add(&restore->blockers,
			     "%s is bound to '%s', and there is no such network interface here", name,
			     image->interface);
	for (size_t i = 0; i < image->n_memberships; i++)
		if (if_nametoindex(image->memberships[i]->interface) == 0)
			blockers_add(&restore->blockers,
				     "%s is a member on '%s', and there is no such network interface here",
				     name, image->memberships[i]->interface);
}

/* Who is in a group of that number already divides packets with the program if it is of the same kind. */
static void check_fanout(struct restore *restore, const struct packet_diag *diag,
			 const Cr__PacketSocket *image, const char *name)
{
	for (size_t i = 0; image->has_fanout && i < diag->sockets_count; i++) {
		const struct packet_diag_socket *other = &diag->sockets[i];

		if (!other->has_fanout || PACKET_FANOUT_ID(other->fanout) != PACKET_FANOUT_ID(image->fanout))
			continue;
		blockers_add(&restore->blockers,
			     "%s is in the fanout group %u, which other programs here have: end them", name,
			     PACKET_FANOUT_ID(image->fanout));
		return;
	}
}

static int preflight_object(struct restore *restore, const struct packet_diag *diag,
			    const struct object *object)
{
	const Cr__PacketSocket *image = image_of(object);
	cleanup_close int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	char name[DESCRIPTION_SIZE];

	describe(object, name);
	if (fd < 0 && errno == EPERM)
		blockers_add(&restore->blockers, "%s: run cr-restore with CAP_NET_RAW", name);
	else if (fd < 0 && errno == EAFNOSUPPORT)
		blockers_add(&restore->blockers, "%s: this kernel has no such sockets", name);
	else if (fd < 0)
		return log_error_errno(-errno, "cannot make a packet socket");
	socket_base_preflight(restore, image->socket, &socket_options_packet, name);
	check_interfaces(restore, image, name);
	check_fanout(restore, diag, image, name);
	packet_rings_preflight(restore, image, name);
	return 0;
}

static int packet_preflight(struct restore *restore)
{
	cleanup_(packet_diag_done) struct packet_diag diag = {0};
	bool is_read = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < restore->objects_count; i++) {
		if (restore->objects[i].kind != &packet_fd_restorer)
			continue;
		r = is_read ? 0 : packet_diag_read(&diag);
		if (r < 0 && r != -ENOENT)
			return log_error_errno(r, "cannot ask about packet sockets (sock_diag)");
		is_read = true;
		r = preflight_object(restore, &diag, &restore->objects[i]);
	}
	return r;
}

/* One of SOCK_PACKET has its protocol from the start, and so may have taken something in before its filter.
 */
static int open_old(const Cr__PacketSocket *image, int *ret_fd)
{
	Cr__SocketBase base = *image->socket;
	cleanup_close int fd = -EBADF;
	char byte;
	int r;

	base.protocol = htons((uint16_t)image->protocol);
	r = socket_base_new(&base, AF_PACKET, &socket_options_packet, &fd);
	if (r < 0)
		return r;
	while (recv(fd, &byte, sizeof(byte), MSG_DONTWAIT) >= 0)
		;
	*ret_fd = take_fd(&fd);
	return 0;
}

static int packet_open(struct restore *restore maybe_unused, const struct object *object, int *ret_fd)
{
	const Cr__PacketSocket *image = image_of(object);
	cleanup_close int fd = -EBADF;
	int r;

	if (image->socket->type == SOCK_PACKET)
		return open_old(image, ret_fd);
	r = socket_base_new(image->socket, AF_PACKET, &socket_options_packet, &fd);
	if (r == 0)
		r = packet_rings_make(image, fd);
	if (r == 0)
		*ret_fd = take_fd(&fd);
	return r;
}

static int packet_fill(struct restore *restore, const struct object *object, int fd)
{
	char name[DESCRIPTION_SIZE];

	LOG_SCOPE("%s", describe(object, name));
	return packet_rings_fill(restore, image_of(object), fd);
}

/* By name, as SOCK_PACKET has it, or number. That an interface is down is told as an error, once. */
static int bind_to(const Cr__PacketSocket *image, int fd)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons((uint16_t)image->protocol),
		.sll_ifindex = image->interface[0] ? (int)if_nametoindex(image->interface) : 0,
	};
	struct sockaddr old = {.sa_family = AF_PACKET};
	socklen_t size = sizeof(int);
	int r, error;

	if (!image->interface[0] && (image->protocol == 0 || image->socket->type == SOCK_PACKET))
		return 0;
	memcpy(old.sa_data, image->interface, strnlen(image->interface, sizeof(old.sa_data)));
	r = image->socket->type == SOCK_PACKET ? bind(fd, &old, sizeof(old))
					       : bind(fd, (struct sockaddr *)&address, sizeof(address));
	if (r < 0)
		return log_error_errno(-errno, "cannot bind its packet socket");
	if (!image->has_error)
		(void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
	return 0;
}

static int join(const Cr__PacketMembership *membership, int fd)
{
	struct membership_request request = {
		.interface = (int)if_nametoindex(membership->interface),
		.type = (unsigned short)membership->type,
		.address_size = (unsigned short)membership->address.len,
	};

	memcpy(request.address, membership->address.data ?: request.address, membership->address.len);
	for (uint32_t i = 0; i < membership->count; i++)
		if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request, sizeof(request)) < 0)
			return log_error_errno(-errno, "cannot become a member on '%s'",
					       membership->interface);
	return 0;
}

static int finish_object(struct restore *restore, struct object *object)
{
	const Cr__PacketSocket *image = image_of(object);
	cleanup_close int fd = -EBADF;
	char name[DESCRIPTION_SIZE];
	int r = object_take(restore, object, &fd);

	LOG_SCOPE("%s", describe(object, name));
	if (r == 0)
		r = bind_to(image, fd);
	for (size_t i = 0; r == 0 && i < image->n_memberships; i++)
		r = join(image->memberships[i], fd);
	if (r == 0 && image->has_fanout &&
	    setsockopt(fd, SOL_PACKET, PACKET_FANOUT, &image->fanout, sizeof(image->fanout)) < 0)
		return log_error_errno(-errno, "cannot join its fanout group (PACKET_FANOUT)");
	return r < 0 ? r : socket_base_set_options(image->socket, &socket_options_packet, fd);
}

static int packet_finish(struct restore *restore)
{
	return objects_each(restore, &packet_fd_restorer, finish_object);
}

const struct fd_restorer packet_fd_restorer = {
	.name = "packet",
	.read = packet_read,
	.preflight = packet_preflight,
	.open = packet_open,
	.fill = packet_fill,
	.finish = packet_finish,
};
