/* SPDX-License-Identifier: MIT */
/* Unix sockets by sock_diag(7). */
#include "common/netlink/unix_diag.h"

#include <errno.h>
#include <linux/unix_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>

#include "common/netlink/sock_diag.h"
#include "common/vector.h"

/* The kernel's own dev_t has 20 bits for the minor number. */
static dev_t device_from_kernel(uint32_t device)
{
	return makedev(device >> 20, device & 0xfffff);
}

static uint32_t attribute_u32(const struct sock_diag_attributes *attributes, int type, bool *ret_is_there)
{
	const void *data = sock_diag_attribute(attributes, type, sizeof(uint32_t), NULL);
	uint32_t value = 0;

	if (data)
		memcpy(&value, data, sizeof(value));
	if (ret_is_there)
		*ret_is_there = data;
	return value;
}

static int take_name(struct unix_diag *diag, const struct sock_diag_attributes *attributes,
		     struct unix_diag_socket *socket)
{
	size_t size = 0;
	const unsigned char *name = sock_diag_attribute(attributes, UNIX_DIAG_NAME, 1, &size);

	if (!name)
		return 0;
	/* Of a path there may be the final 0 as well. */
	socket->name_size = name[0] ? strnlen((const char *)name, size) : size;
	socket->name = arena_copy(&diag->arena, name, socket->name_size);
	return socket->name ? 0 : -ENOMEM;
}

static int take_waiting(struct unix_diag *diag, const struct sock_diag_attributes *attributes,
			struct unix_diag_socket *socket)
{
	size_t size = 0;
	const void *inodes = sock_diag_attribute(attributes, UNIX_DIAG_ICONS, sizeof(uint32_t), &size);

	if (!inodes)
		return 0;
	socket->waiting_count = size / sizeof(uint32_t);
	socket->waiting = arena_copy(&diag->arena, inodes, size);
	return socket->waiting ? 0 : -ENOMEM;
}

static int take_socket(const void *message, const struct sock_diag_attributes *attributes, void *context)
{
	const struct unix_diag_msg *about = message;
	struct unix_diag *diag = context;
	struct unix_diag_socket *socket;
	struct unix_diag_rqlen lengths = {0};
	struct unix_diag_vfs file = {0};
	const void *data;
	int r;

	if (!message) {
		unix_diag_done(diag);
		return 0;
	}
	socket = vector_append(diag, sockets);
	if (!socket)
		return -ENOMEM;
	socket->inode = about->udiag_ino;
	socket->type = about->udiag_type;
	socket->state = about->udiag_state;
	data = sock_diag_attribute(attributes, UNIX_DIAG_VFS, sizeof(file), NULL);
	if (data)
		memcpy(&file, data, sizeof(file));
	socket->has_file = data;
	socket->file_device = device_from_kernel(file.udiag_vfs_dev);
	socket->file_inode = file.udiag_vfs_ino;
	socket->peer_inode = attribute_u32(attributes, UNIX_DIAG_PEER, &socket->has_peer);
	data = sock_diag_attribute(attributes, UNIX_DIAG_RQLEN, sizeof(lengths), NULL);
	if (data)
		memcpy(&lengths, data, sizeof(lengths));
	socket->receive_queue = lengths.udiag_rqueue;
	socket->send_queue = lengths.udiag_wqueue;
	data = sock_diag_attribute(attributes, UNIX_DIAG_SHUTDOWN, 1, NULL);
	socket->shutdown = data ? *(const uint8_t *)data : 0;
	socket->uid = attribute_u32(attributes, UNIX_DIAG_UID, NULL);
	r = take_name(diag, attributes, socket);
	if (r == 0)
		r = take_waiting(diag, attributes, socket);
	if (r == 0 && socket->inode != 0)
		r = id_map_set(&diag->by_inode, socket->inode, diag->sockets_count - 1);
	return r;
}

int unix_diag_read(struct unix_diag *diag)
{
	const struct unix_diag_req request = {
		.sdiag_family = AF_UNIX,
		.udiag_states = ~0U,
		.udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_VFS | UDIAG_SHOW_PEER | UDIAG_SHOW_ICONS |
			      UDIAG_SHOW_RQLEN | UDIAG_SHOW_UID,
	};

	return sock_diag_dump(
		&(struct sock_diag_question){
			.request = &request,
			.request_size = sizeof(request),
			.message_size = sizeof(struct unix_diag_msg),
			.attribute_max = UNIX_DIAG_MAX,
		},
		take_socket, diag);
}

void unix_diag_done(struct unix_diag *diag)
{
	free(diag->sockets);
	id_map_done(&diag->by_inode);
	arena_done(&diag->arena);
	*diag = (struct unix_diag){0};
}

const struct unix_diag_socket *unix_diag_find(const struct unix_diag *diag, uint32_t inode)
{
	uint64_t index;

	return inode != 0 && id_map_get(&diag->by_inode, inode, &index) ? &diag->sockets[index] : NULL;
}
