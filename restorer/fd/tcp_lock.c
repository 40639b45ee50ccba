/* SPDX-License-Identifier: MIT */
/* Holds back the packets of connections that are not there yet. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/netlink/packet_lock.h"
#include "common/vector.h"
#include "restorer/fd/tcp.h"

struct connections {
	struct packet_lock_connection *items;
	size_t items_count, items_capacity;
};

static void connections_done(struct connections *connections)
{
	free(connections->items);
}

static int collect(const struct restore *restore, struct connections *connections)
{
	for (size_t i = 0; i < restore->objects_count; i++) {
		const struct object *object = &restore->objects[i];
		struct packet_lock_connection *slot;
		const Cr__TcpSocket *image;

		if (!tcp_is_live(restore, object))
			continue;
		image = tcp_image_of(object);
		if (image->connection->is_inside)
			continue;
		slot = vector_append(connections, items);
		if (!slot)
			return log_error_errno(-ENOMEM, "cannot note its connections");
		slot->local = inet_image_address(image->socket->local);
		slot->peer = inet_image_address(image->socket->peer);
	}
	return 0;
}

/* The one of the dump may be there as well. This one goes with us. */
int tcp_lock_begin(struct restore *restore)
{
	cleanup_(connections_done) struct connections connections = {0};
	char name[PACKET_LOCK_NAME_SIZE];
	struct packet_lock *lock = NULL;
	int r = collect(restore, &connections);

	if (r < 0 || connections.items_count == 0)
		return r;
	r = packet_lock_name(name);
	if (r == 0)
		r = packet_lock_new(name, connections.items, connections.items_count, &lock);
	if (r < 0)
		log_notice("nothing can hold back the packets of its TCP connections until they are there "
			   "(nftables: %s); what comes now is answered by a reset",
			   strerror(-r));
	restore->fd_kind_states[FD_KIND_tcp] = lock;
	return 0;
}

void tcp_lock_done(struct restore *restore)
{
	packet_lock_free(restore->fd_kind_states[FD_KIND_tcp]);
	restore->fd_kind_states[FD_KIND_tcp] = NULL;
}

int tcp_lock_end(struct restore *restore)
{
	const char *name = restore->manifest->network_lock;
	int r = 0;

	if (name && name[0])
		r = packet_lock_remove(restore->fd_kind_states[FD_KIND_tcp], name);
	tcp_lock_done(restore);
	/* It is on the host of the dump, or was removed. */
	if (r == -ENOENT || r == -EPROTONOSUPPORT || r == -EOPNOTSUPP || r == -EPERM)
		return 0;
	return r < 0 ? log_error_errno(r, "cannot remove the table '%s' of nftables", name) : 0;
}
