/* SPDX-License-Identifier: MIT */
/*
 * Netlink sockets, at dump.
 *
 * What the kernel has answered, and nobody has read, cannot be looked at beyond the first message, nor could
 * it be made to come from the kernel again.
 */
#include "format/fd/netlink.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/netlink/netlink_diag.h"
#include "common/proc/cursor.h"
#include "common/vector.h"
#include "dumper/fd/socket_base.h"

#define LISTENERS_SIZE_MAX ((size_t)1 << 20)

/* The state of the kind. */
struct netlink_sockets {
	struct socket_place *places;
	size_t places_count, places_capacity;
	struct netlink_diag diag;
};

static bool netlink_matches(const struct fd_info *info)
{
	return info->socket.family == AF_NETLINK;
}

static int netlink_sockets_new(struct dump *dump)
{
	struct netlink_sockets *sockets = calloc(1, sizeof(*sockets));
	int r;

	dump->fd_kind_states[FD_KIND_netlink] = sockets;
	if (!sockets)
		return log_error_errno(-ENOMEM, "cannot note its socket");
	r = netlink_diag_read(&sockets->diag);
	if (r == -ENOENT)
		return log_error_errno(
			-ENOSYS, "this kernel does not tell about netlink sockets (CONFIG_NETLINK_DIAG)");
	return r < 0 ? log_error_errno(r, "cannot ask about netlink sockets (sock_diag)") : 0;
}

static int collect_addresses(const struct netlink_diag_socket *known, int fd, Cr__NetlinkSocket *image)
{
	struct sockaddr_nl own = {0}, peer = {0};
	socklen_t size = sizeof(own);

	if (getsockname(fd, (struct sockaddr *)&own, &size) < 0)
		return log_error_errno(-errno, "cannot ask for its address");
	size = sizeof(peer);
	if (getpeername(fd, (struct sockaddr *)&peer, &size) < 0)
		return log_error_errno(-errno, "cannot ask for the address of its peer");
	image->port = own.nl_pid;
	if (!known || !known->is_connected)
		return 0;
	image->is_connected = true;
	image->peer_port = peer.nl_pid;
	image->peer_groups = peer.nl_groups;
	return 0;
}

/* The kernel gives a bit for each group, in words of 32 bits. */
static int collect_groups(struct dump *dump, int fd, Cr__NetlinkSocket *image)
{
	cleanup_free uint32_t *bits = NULL;
	socklen_t size = 0;

	if (getsockopt(fd, SOL_NETLINK, NETLINK_LIST_MEMBERSHIPS, NULL, &size) < 0)
		return log_error_errno(-errno, "cannot ask for its groups");
	if (size > NETLINK_GROUP_MAX / 8)
		return log_error_errno(-EFBIG, "it may be in too many groups");
	size = (size + 3) / 4 * 4;
	bits = calloc(1, MAX(size, 4U));
	image->groups = arena_array(&dump->arena, uint32_t, MAX(size * 8, 1U));
	if (!bits || !image->groups)
		return log_error_errno(-ENOMEM, "cannot note its groups");
	if (getsockopt(fd, SOL_NETLINK, NETLINK_LIST_MEMBERSHIPS, bits, &size) < 0)
		return log_error_errno(-errno, "cannot ask for its groups");
	for (uint32_t i = 0; i < size * 8; i++)
		if (bits[i / 32] & 1U << i % 32)
			image->groups[image->n_groups++] = i + 1;
	return 0;
}

/*
 * Whether a file of /proc/net/netfilter lists the port: "    5  12345     0 2 65531 ...": a queue or group,
 * and who gets it.
 */
static int is_listed(const char *path, uint32_t port, bool *ret_is_listed)
{
	cleanup_free char *text = NULL;
	struct cursor cursor, line;
	uint32_t queue, listed;
	size_t size = 0;
	int r = file_read_at(AT_FDCWD, path, LISTENERS_SIZE_MAX, &text, &size);

	if (r < 0)
		return r == -ENOENT ? 0 : log_error_errno(r, "cannot read '%s'", path);
	cursor = CURSOR(text, size);
	while (cursor_line(&cursor, &line))
		if (cursor_u32(&line, 10, &queue) == 0 && cursor_u32(&line, 10, &listed) == 0 &&
		    listed == port)
			*ret_is_listed = true;
	return 0;
}

static int check_netfilter(struct dump *dump, uint32_t port)
{
	bool gets_queue = false, gets_log = false;
	int r = is_listed("/proc/thread-self/net/netfilter/nfnetlink_queue", port, &gets_queue);

	if (r == 0)
		r = is_listed("/proc/thread-self/net/netfilter/nfnetlink_log", port, &gets_log);
	if (gets_queue || gets_log)
		blockers_add(&dump->blockers,
			     "its netlink socket is given packets by the netfilter of the kernel (%s), which "
			     "cannot be preserved: the program has to give that up first",
			     gets_queue ? "NFQUEUE" : "NFLOG");
	return r;
}

/* What the kernel sends to a socket because of what it was told by it before. */
static int check_listener(struct dump *dump, const Cr__NetlinkSocket *image)
{
	if (image->port != 0 && image->socket->protocol == NETLINK_NETFILTER)
		return check_netfilter(dump, image->port);
	for (size_t i = 0; image->socket->protocol == NETLINK_CONNECTOR && i < image->n_groups; i++)
		if (image->groups[i] == CN_IDX_PROC)
			blockers_add(&dump->blockers,
				     "its netlink socket is told of all processes by the kernel (the process "
				     "events connector), which cannot be preserved");
	return 0;
}

static int check_queue(struct dump *dump, const struct netlink_diag_socket *known, int fd)
{
	bool has_input = false;
	int r = socket_has_input(fd, &has_input);

	if (r < 0)
		return r;
	if (known && known->is_answering)
		blockers_add(&dump->blockers,
			     "its netlink socket is in the middle of a list that it has asked the kernel for "
			     "(NLM_F_DUMP), which cannot be preserved: try again when the program has read "
			     "it");
	else if (has_input && dump->options->is_in_flight_skipped)
		log_notice("left out the messages that wait in its netlink socket");
	else if (has_input)
		blockers_add(
			&dump->blockers,
			"messages wait in its netlink socket, which cannot be preserved: let the program "
			"read them, or give --skip-in-flight to leave them out");
	if (!has_input && socket_has_error(fd))
		blockers_add(&dump->blockers,
			     "its netlink socket has an error that the program has not read yet (ENOBUFS: it "
			     "has lost messages): try again when it has");
	return 0;
}

static int collect_entry(struct dump *dump, const struct netlink_sockets *sockets,
			 const struct socket_place *place, int fd, Cr__NetlinkSocket *image)
{
	const struct netlink_diag_socket *known = netlink_diag_find(&sockets->diag, place->inode);
	int r = collect_addresses(known, fd, image);

	if (r == 0)
		r = collect_groups(dump, fd, image);
	if (r == 0)
		r = check_listener(dump, image);
	return r < 0 ? r : check_queue(dump, known, fd);
}

static int netlink_collect(struct dump *dump, const struct process *process, const struct fd_info *info,
			   struct open_file *file)
{
	int r = dump->fd_kind_states[FD_KIND_netlink] ? 0 : netlink_sockets_new(dump);
	struct netlink_sockets *sockets = dump->fd_kind_states[FD_KIND_netlink];
	Cr__NetlinkSocket *image = arena_new(&dump->arena, Cr__NetlinkSocket);
	struct socket_place *place;

	if (r < 0)
		return r;
	place = image ? vector_append(sockets, places) : NULL;
	if (!place)
		return log_error_errno(-ENOMEM, "cannot note its socket");
	cr__netlink_socket__init(image);
	r = socket_place_init(place, dump, process, info, file);
	if (r == 0)
		r = socket_base_collect(dump, info, &socket_options_netlink, &image->socket);
	if (r == 0)
		r = collect_entry(dump, sockets, place, info->our_fd, image);
	if (r < 0)
		return r;
	file->entry = &image->base;
	file->description = place->description;
	return socket_place_want_holders(dump, place);
}

static int netlink_check_outside(struct dump *dump)
{
	const struct netlink_sockets *sockets = dump->fd_kind_states[FD_KIND_netlink];
	int r = 0;

	for (size_t i = 0; sockets && r == 0 && i < sockets->places_count; i++)
		r = socket_place_check_holders(dump, &sockets->places[i]);
	return r;
}

static void netlink_done(struct dump *dump)
{
	struct netlink_sockets *sockets = dump->fd_kind_states[FD_KIND_netlink];

	if (!sockets)
		return;
	netlink_diag_done(&sockets->diag);
	free(sockets->places);
	free(sockets);
	dump->fd_kind_states[FD_KIND_netlink] = NULL;
}

const struct fd_dumper netlink_fd_dumper = {
	.name = "netlink",
	.matches = netlink_matches,
	.collect = netlink_collect,
	.check = netlink_check_outside,
	.done = netlink_done,
};
