/* SPDX-License-Identifier: MIT */
/*
 * UDP and UDP-Lite sockets, at restore.
 *
 * Made and bound first; then what waited in them is sent to them again; connected, and with their options,
 * at the end, for these change what they receive.
 */
#include "restorer/fd/udp.h"

#include <errno.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/vector.h"

/* The state of the kind. */
struct udp_restorer {
	struct inet_diag diag; /* what is there before the restore */
	const Cr__InetSocket **bound;
	size_t bound_count, bound_capacity;
};

static const Cr__UdpSocket *image_of(const struct object *object)
{
	return (const Cr__UdpSocket *)object->entry;
}

static int udp_restorer_new(struct restore *restore)
{
	struct udp_restorer *restorer = calloc(1, sizeof(*restorer));
	int r;

	restore->fd_kind_states[FD_KIND_udp] = restorer;
	if (!restorer)
		return log_error_errno(-ENOMEM, "cannot plan its sockets");
	r = inet_diag_read(&restorer->diag, IPPROTO_UDP);
	/* Ports of the one are not those of the other, but hardly anybody has the other. */
	if (r == 0)
		r = inet_diag_read(&restorer->diag, IPPROTO_UDPLITE);
	return r == -ENOENT ? 0 : r < 0 ? log_error_errno(r, "cannot ask about UDP sockets (sock_diag)") : 0;
}

static int udp_read(struct restore *restore maybe_unused, struct object *object, const char **ret_reason)
{
	int r = udp_check(image_of(object), ret_reason);

	if (r < 0)
		return r;
	object->state = calloc(1, sizeof(struct udp_object));
	object->contents_size = image_of(object)->contents_size;
	return object->state ? 0 : -ENOMEM;
}

static bool shares_port_outside(const struct udp_restorer *restorer, const Cr__InetSocket *image)
{
	if (socket_options_get_int(image->shared_options, SOL_SOCKET, SO_REUSEPORT, 0) == 0)
		return false;
	for (size_t i = 0; i < restorer->diag.sockets_count; i++)
		if (restorer->diag.sockets[i].local.port == image->local->port)
			return true;
	return false;
}

/* An address that is not there is told by others. */
static void check_refusal(struct restore *restore, const Cr__InetSocket *socket, const char *name)
{
	int r = udp_try_refusal(socket);

	if (r < 0 && r != -EADDRNOTAVAIL)
		blockers_add(
			&restore->blockers,
			"%s has the error to tell that nobody receives what it sends (ECONNREFUSED), and "
			"that cannot be made again here (%s): see whether a packet filter holds back what "
			"the host sends to itself",
			name, strerror(-r));
}

static int preflight_object(struct restore *restore, struct object *object)
{
	const struct udp_restorer *restorer;
	const Cr__UdpSocket *image = image_of(object);
	bool is_filled = image->contents_size > 0 && !restore->options->is_in_flight_skipped;
	char name[INET_DESCRIPTION_SIZE];
	int r = restore->fd_kind_states[FD_KIND_udp] ? 0 : udp_restorer_new(restore);

	if (r < 0)
		return r;
	restorer = restore->fd_kind_states[FD_KIND_udp];
	inet_socket_describe(object, image->socket, name);
	if (is_filled && (!kernel_features_has_cap(&restore->features, CAP_NET_RAW) ||
			  !kernel_features_has_cap(&restore->features, CAP_NET_ADMIN)))
		blockers_add(
			&restore->blockers,
			"datagrams wait in %s: run cr-restore with CAP_NET_RAW and CAP_NET_ADMIN, or give "
			"--skip-in-flight to leave them out",
			name);
	if (is_filled && shares_port_outside(restorer, image->socket))
		blockers_add(
			&restore->blockers,
			"datagrams wait in %s, and other programs here share its port (SO_REUSEPORT), so "
			"that they cannot be directed to it: end these, or give --skip-in-flight to leave "
			"them out",
			name);
	if (image->is_refused)
		check_refusal(restore, image->socket, name);
	return inet_socket_preflight(restore, object, image->socket, &socket_options_udp, &restorer->diag);
}

static int udp_preflight(struct restore *restore)
{
	return objects_each(restore, &udp_fd_restorer, preflight_object);
}

static bool is_same_bytes(const ProtobufCBinaryData *one, const ProtobufCBinaryData *other)
{
	return one->len == other->len && memcmp(one->data, other->data, one->len) == 0;
}

/* Whether the kernel puts both into one group, udp_reuseport_add_sock() in net/ipv4/udp.c. */
static bool is_same_group(const Cr__InetSocket *one, const Cr__InetSocket *other)
{
	static const Cr__SocketOption nothing = CR__SOCKET_OPTION__INIT;
	const Cr__SocketOption *device = socket_options_get(one->shared_options, SOL_SOCKET, SO_BINDTODEVICE);
	const Cr__SocketOption *other_device =
		socket_options_get(other->shared_options, SOL_SOCKET, SO_BINDTODEVICE);

	return one->protocol == other->protocol && one->uid == other->uid &&
	       one->local->port == other->local->port &&
	       is_same_bytes(&one->local->address, &other->local->address) &&
	       is_same_bytes(&(device ?: &nothing)->value, &(other_device ?: &nothing)->value) &&
	       socket_options_get_int(one->ipv6_options, IPPROTO_IPV6, IPV6_V6ONLY, 0) ==
		       socket_options_get_int(other->ipv6_options, IPPROTO_IPV6, IPV6_V6ONLY, 0);
}

static int join_group(struct udp_restorer *restorer, const struct object *object)
{
	const Cr__InetSocket *image = image_of(object)->socket, **slot;
	struct udp_object *state = object->state;

	if (!image->local || socket_options_get_int(image->shared_options, SOL_SOCKET, SO_REUSEPORT, 0) == 0)
		return 0;
	for (size_t i = 0; i < restorer->bound_count; i++)
		state->group_index += is_same_group(restorer->bound[i], image);
	slot = vector_append(restorer, bound);
	if (!slot)
		return log_error_errno(-ENOMEM, "cannot note its socket");
	*slot = image;
	return 0;
}

static int udp_open(struct restore *restore, const struct object *object, int *ret_fd)
{
	const Cr__InetSocket *image = image_of(object)->socket;
	cleanup_close int fd = -EBADF;
	int r = inet_socket_new(image, &socket_options_udp, &fd);

	if (r == 0)
		r = inet_socket_bind(image, fd);
	if (r == 0)
		r = join_group(restore->fd_kind_states[FD_KIND_udp], object);
	if (r < 0)
		return r;
	*ret_fd = take_fd(&fd);
	return 0;
}

static int finish_object(struct restore *restore, struct object *object)
{
	const Cr__InetSocket *image = image_of(object)->socket;
	char name[INET_DESCRIPTION_SIZE];
	cleanup_close int fd = -EBADF;
	int r = object_take(restore, object, &fd);

	LOG_SCOPE("%s", inet_socket_describe(object, image, name));
	if (r == 0 && image_of(object)->is_refused)
		r = udp_refuse_again(image, fd);
	if (r == 0)
		r = inet_socket_set_options(image, &socket_options_udp, fd);
	return r < 0 ? r : inet_socket_connect(image, fd);
}

static int udp_finish(struct restore *restore)
{
	return objects_each(restore, &udp_fd_restorer, finish_object);
}

static void udp_done(struct object *object)
{
	free(object->state);
	object->state = NULL;
}

static void udp_kind_done(struct restore *restore)
{
	struct udp_restorer *restorer = restore->fd_kind_states[FD_KIND_udp];

	if (!restorer)
		return;
	inet_diag_done(&restorer->diag);
	free(restorer->bound);
	free(restorer);
	restore->fd_kind_states[FD_KIND_udp] = NULL;
}

const struct fd_restorer udp_fd_restorer = {
	.name = "udp",
	.read = udp_read,
	.preflight = udp_preflight,
	.open = udp_open,
	.fill = udp_queue_fill,
	.finish = udp_finish,
	.done = udp_done,
	.kind_done = udp_kind_done,
};
