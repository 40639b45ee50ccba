/* SPDX-License-Identifier: MIT */
/* Netlink sockets, at restore. */
#include "format/fd/netlink.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/netlink/netlink_diag.h"
#include "restorer/fd/socket_base.h"

extern const struct fd_restorer netlink_fd_restorer;

#define DESCRIPTION_SIZE 96

static const Cr__NetlinkSocket *image_of(const struct object *object)
{
	return (const Cr__NetlinkSocket *)object->entry;
}

/* Returns BUFFER. */
static const char *describe(const struct object *object, char buffer[DESCRIPTION_SIZE])
{
	const Cr__NetlinkSocket *image = image_of(object);

	snprintf(buffer, DESCRIPTION_SIZE, "netlink socket of protocol %u and port %u (open file %u)",
		 image->socket->protocol, image->port, object->image->id);
	return buffer;
}

static int netlink_read(struct restore *restore maybe_unused, struct object *object, const char **ret_reason)
{
	return netlink_check(image_of(object), ret_reason);
}

static int join(int fd, uint32_t group)
{
	return setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0 ? -errno : 0;
}

static void check_groups(struct restore *restore, const Cr__NetlinkSocket *image, const char *name)
{
	cleanup_close int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, (int)image->socket->protocol);

	if (fd < 0) {
		blockers_add(&restore->blockers, "%s cannot be made here: %s", name,
			     errno == EPROTONOSUPPORT ? "this kernel does not have the protocol"
						      : strerror(errno));
		return;
	}
	for (size_t i = 0; i < image->n_groups; i++) {
		int r = join(fd, image->groups[i]);

		if (r < 0)
			blockers_add(&restore->blockers, "%s cannot be in its group %u here: %s", name,
				     image->groups[i],
				     r == -EINVAL  ? "this kernel does not have it"
				     : r == -EPERM ? "run cr-restore as root"
						   : strerror(-r));
	}
	/* As connect(2) has it: the kernel itself may be talked to by everybody. */
	if ((image->peer_port != 0 || image->peer_groups != 0) &&
	    !kernel_features_has_cap(&restore->features, CAP_NET_ADMIN))
		blockers_add(&restore->blockers,
			     "%s is connected to another than the kernel: run cr-restore with CAP_NET_ADMIN",
			     name);
}

static void preflight_object(struct restore *restore, const struct netlink_diag *diag,
			     const struct object *object)
{
	const Cr__NetlinkSocket *image = image_of(object);
	char name[DESCRIPTION_SIZE];

	describe(object, name);
	socket_base_preflight(restore, image->socket, &socket_options_netlink, name);
	check_groups(restore, image, name);
	if (image->port != 0 && netlink_diag_find_port(diag, image->socket->protocol, image->port))
		blockers_add(&restore->blockers,
			     "%s: another program has that port (see ss -f netlink -ap): end it", name);
}

static int netlink_preflight(struct restore *restore)
{
	cleanup_(netlink_diag_done) struct netlink_diag diag = {0};
	bool is_read = false;

	for (size_t i = 0; i < restore->objects_count; i++) {
		int r;

		if (restore->objects[i].kind != &netlink_fd_restorer)
			continue;
		/* Without the kernel's help a port that is taken shows when it is to be had. */
		r = is_read ? 0 : netlink_diag_read(&diag);
		if (r < 0 && r != -ENOENT)
			return log_error_errno(r, "cannot ask about netlink sockets (sock_diag)");
		is_read = true;
		preflight_object(restore, &diag, &restore->objects[i]);
	}
	return 0;
}

static int netlink_open(struct restore *restore maybe_unused, const struct object *object, int *ret_fd)
{
	const Cr__NetlinkSocket *image = image_of(object);
	const struct sockaddr_nl own = {.nl_family = AF_NETLINK, .nl_pid = image->port};
	cleanup_close int fd = -EBADF;
	int r = socket_base_new(image->socket, AF_NETLINK, &socket_options_netlink, &fd);

	if (r < 0)
		return r;
	if (image->port != 0 && bind(fd, (const struct sockaddr *)&own, sizeof(own)) < 0)
		return log_error_errno(-errno, "cannot bind a netlink socket to port %u", image->port);
	*ret_fd = take_fd(&fd);
	return 0;
}

static int finish_object(struct restore *restore, struct object *object)
{
	const Cr__NetlinkSocket *image = image_of(object);
	const struct sockaddr_nl peer = {
		.nl_family = AF_NETLINK,
		.nl_pid = image->peer_port,
		.nl_groups = image->peer_groups,
	};
	cleanup_close int fd = -EBADF;
	char name[DESCRIPTION_SIZE];
	int r = object_take(restore, object, &fd);

	LOG_SCOPE("%s", describe(object, name));
	if (r < 0)
		return r;
	for (size_t i = 0; i < image->n_groups; i++) {
		r = join(fd, image->groups[i]);
		if (r < 0)
			return log_error_errno(r, "cannot join its group %u", image->groups[i]);
	}
	if (image->is_connected && connect(fd, (const struct sockaddr *)&peer, sizeof(peer)) < 0)
		return log_error_errno(-errno, "cannot connect it to port %u", image->peer_port);
	return socket_base_set_options(image->socket, &socket_options_netlink, fd);
}

static int netlink_finish(struct restore *restore)
{
	return objects_each(restore, &netlink_fd_restorer, finish_object);
}

const struct fd_restorer netlink_fd_restorer = {
	.name = "netlink",
	.read = netlink_read,
	.preflight = netlink_preflight,
	.open = netlink_open,
	.finish = netlink_finish,
};
