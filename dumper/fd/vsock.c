/* SPDX-License-Identifier: MIT */
/* Vsock sockets, at dump: new, bound or listening. A connection leads to another machine. */
#include "format/fd/vsock.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <linux/vm_sockets.h>

#include "common/vector.h"
#include "dumper/fd/socket_base.h"

/* The state of the kind. */
struct vsock_sockets {
	struct socket_place *places;
	size_t places_count, places_capacity;
};

static bool vsock_matches(const struct fd_info *info)
{
	return info->socket.family == AF_VSOCK &&
	       (info->socket.type == SOCK_STREAM || info->socket.type == SOCK_SEQPACKET);
}

static int collect_address(int fd, Cr__VsockSocket *image)
{
	struct sockaddr_vm address = {0};
	socklen_t size = sizeof(address);

	if (getsockname(fd, (struct sockaddr *)&address, &size) < 0)
		return log_error_errno(-errno, "cannot ask for its address");
	image->is_bound = address.svm_port != VMADDR_PORT_ANY;
	if (image->is_bound) {
		image->address = address.svm_cid;
		image->port = address.svm_port;
	}
	return 0;
}

static int collect_state(struct dump *dump, int fd, Cr__VsockSocket *image)
{
	struct pollfd state = {.fd = fd, .events = POLLIN};
	struct sockaddr_vm peer;
	socklen_t size = sizeof(peer);
	int is_listening = 0;

	if (getpeername(fd, (struct sockaddr *)&peer, &size) == 0) {
		blockers_add(&dump->blockers,
			     "its vsock socket is connected, to another machine or its own, which cannot be "
			     "preserved");
		return 0;
	}
	size = sizeof(is_listening);
	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size) < 0)
		return log_error_errno(-errno, "cannot ask whether its socket listens");
	image->is_listening = is_listening;
	if (is_listening && poll(&state, 1, 0) == 1 && state.revents & POLLIN)
		blockers_add(&dump->blockers,
			     "its vsock socket has a connection that nobody has accepted, which cannot be "
			     "preserved: let the program accept it");
	return 0;
}

static int vsock_collect(struct dump *dump, const struct process *process, const struct fd_info *info,
			 struct open_file *file)
{
	struct vsock_sockets *sockets = dump->fd_kind_states[FD_KIND_vsock] ?: calloc(1, sizeof(*sockets));
	Cr__VsockSocket *image = arena_new(&dump->arena, Cr__VsockSocket);
	struct socket_place *place;
	int r;

	dump->fd_kind_states[FD_KIND_vsock] = sockets;
	place = sockets && image ? vector_append(sockets, places) : NULL;
	if (!place)
		return log_error_errno(-ENOMEM, "cannot note its socket");
	cr__vsock_socket__init(image);
	r = socket_place_init(place, dump, process, info, file);
	if (r == 0)
		r = socket_base_collect(dump, info, &socket_options_vsock, &image->socket);
	if (r == 0)
		r = collect_address(info->our_fd, image);
	if (r == 0)
		r = collect_state(dump, info->our_fd, image);
	if (r < 0)
		return r;
	file->entry = &image->base;
	file->description = place->description;
	return socket_place_want_holders(dump, place);
}

static int vsock_check_outside(struct dump *dump)
{
	const struct vsock_sockets *sockets = dump->fd_kind_states[FD_KIND_vsock];
	int r = 0;

	for (size_t i = 0; sockets && r == 0 && i < sockets->places_count; i++)
		r = socket_place_check_holders(dump, &sockets->places[i]);
	return r;
}

static void vsock_done(struct dump *dump)
{
	struct vsock_sockets *sockets = dump->fd_kind_states[FD_KIND_vsock];

	if (!sockets)
		return;
	free(sockets->places);
	free(sockets);
	dump->fd_kind_states[FD_KIND_vsock] = NULL;
}

const struct fd_dumper vsock_fd_dumper = {
	.name = "vsock",
	.matches = vsock_matches,
	.collect = vsock_collect,
	.check = vsock_check_outside,
	.done = vsock_done,
};
