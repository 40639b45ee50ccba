/* SPDX-License-Identifier: MIT */
/* What speaks against a connection here and now. */
#include <linux/capability.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "restorer/fd/tcp.h"

static bool is_same(const Cr__InetAddress *image, const struct inet_address *other)
{
	struct inet_address one = inet_image_address(image), plain = inet_address_unmap(other);

	one = inet_address_unmap(&one);
	return inet_address_is_equal(&one, &plain);
}

bool tcp_is_same_connection(const Cr__InetSocket *socket, const struct inet_diag_socket *other)
{
	/* Ports first: of many connections hardly any have the same. */
	return other->peer.port != 0 && socket->local && socket->peer &&
	       socket->peer->port == other->peer.port && socket->local->port == other->local.port &&
	       is_same(socket->local, &other->local) && is_same(socket->peer, &other->peer);
}

static void check_rights(struct restore *restore, const Cr__TcpSocket *image, const char *name)
{
	if (!kernel_features_has_cap(&restore->features, CAP_NET_ADMIN))
		blockers_add(&restore->blockers, "%s was connected: to restore that takes CAP_NET_ADMIN",
			     name);
	else if (tcp_needs_packets(image) && !kernel_features_has_cap(&restore->features, CAP_NET_RAW))
		blockers_add(&restore->blockers, "%s was closed in part: to restore that takes CAP_NET_RAW",
			     name);
}

/* What the kernel has left of one is ended when the restore has begun; what a program may yet accept is not.
 */
static bool is_leftover(const struct inet_diag_socket *other)
{
	return other->inode == 0 && other->state != TCP_ESTABLISHED && other->state != TCP_CLOSE_WAIT &&
	       other->state != TCP_SYN_RECV;
}

static int check_others(struct restore *restore, const Cr__TcpSocket *image, const struct inet_diag *diag,
			const char *name)
{
	for (size_t i = 0; i < diag->sockets_count; i++) {
		const struct inet_diag_socket *other = &diag->sockets[i];
		char holder[INET_HOLDER_TEXT_SIZE], peer[INET_ADDRESS_TEXT_SIZE];
		int r;

		if (!tcp_is_same_connection(image->socket, other) || is_leftover(other))
			continue;
		r = inet_socket_describe_holder(other->inode, holder);
		if (r < 0)
			return r;
		blockers_add(&restore->blockers,
			     "%s: its connection to %s is there already, and belongs to %s: end that", name,
			     inet_address_format(&other->peer, peer), holder);
		return 0;
	}
	return 0;
}

int tcp_listening_preflight(struct restore *restore, const struct object *object,
			    const struct inet_diag *diag)
{
	const Cr__TcpSocket *image = tcp_image_of(object);
	char name[INET_DESCRIPTION_SIZE];

	if (image->n_gone > 0 && !restore->options->has_tcp_close &&
	    !kernel_features_has_cap(&restore->features, CAP_NET_ADMIN))
		blockers_add(
			&restore->blockers,
			"%s has connections that nobody has accepted: to restore that takes CAP_NET_ADMIN",
			inet_socket_describe(object, image->socket, name));
	return inet_socket_preflight(restore, object, image->socket, &socket_options_tcp, diag);
}

int tcp_connection_preflight(struct restore *restore, const struct object *object,
			     const struct inet_diag *diag)
{
	const Cr__TcpSocket *image = tcp_image_of(object);
	char name[INET_DESCRIPTION_SIZE], peer[INET_ADDRESS_TEXT_SIZE];
	struct inet_address address = inet_image_address(image->socket->peer);

	inet_socket_describe(object, image->socket, name);
	check_rights(restore, image, name);
	if (image->state == TCP_CLOSE)
		return inet_socket_preflight(restore, object, image->socket, &socket_options_tcp, NULL);
	if (!restore->options->has_tcp_established)
		blockers_add(&restore->blockers,
			     "%s was connected to %s: give --tcp-established to let the connection go on, or "
			     "--tcp-close to lose it",
			     name, inet_address_format(&address, peer));
	if (check_others(restore, image, diag, name) < 0)
		return -ENOMEM;
	return inet_socket_preflight(restore, object, image->socket, &socket_options_tcp, NULL);
}
