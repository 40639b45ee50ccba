/* SPDX-License-Identifier: MIT */
/*
 * Raw sockets and those for ICMP echo requests, at dump.
 *
 * What waits in a raw socket are copies of what the network has brought to this host, for whoever looks; they
 * are not kept. Answers to echo requests are for their sender alone.
 */
#include "format/fd/raw.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/in6.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/proc/raw_sockets.h"
#include "common/vector.h"
#include "dumper/fd/inet_socket.h"
#include "dumper/fd/socket_base.h"

#define ROUTER_FILE_SIZE_MAX ((size_t)1 << 20)

/* The state of the kind. */
struct raw_sockets {
	struct inet_entry **entries; /* in the arena */
	size_t entries_count, entries_capacity;
	struct raw_socket_list list; /* all of this network */
};

static bool raw_matches(const struct fd_info *info)
{
	struct socket_type type = info->socket;

	if (inet_address_size(type.family) == 0)
		return false;
	return type.type == SOCK_RAW ||
	       (type.type == SOCK_DGRAM &&
		type.protocol == (type.family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6));
}

static int raw_sockets_new(struct dump *dump)
{
	struct raw_sockets *sockets = calloc(1, sizeof(*sockets));
	int r;

	dump->fd_kind_states[FD_KIND_raw] = sockets;
	if (!sockets)
		return log_error_errno(-ENOMEM, "cannot note its socket");
	r = raw_socket_list_read(&sockets->list);
	return r < 0 ? log_error_errno(r, "cannot read /proc/net/raw and the like") : 0;
}

/* The interface that a link-local address is on is the one that the socket is bound to. */
static uint32_t interface_of(int fd)
{
	uint32_t index = 0;
	socklen_t size = sizeof(index);

	return getsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &index, &size) < 0 ? 0 : index;
}

/* As its port it shows its protocol, and its peer it shows if that has got one as well. */
static int collect_addresses(struct dump *dump, const struct raw_sockets *sockets,
			     const struct inet_entry *entry, int fd)
{
	const struct raw_socket *known = raw_socket_list_find(&sockets->list, entry->inode);
	Cr__InetSocket *image = entry->image;
	struct inet_address address;

	if (!raw_is_ping(image) && image->local) {
		image->local->port = 0;
		address = inet_image_address(image->local);
		if (inet_address_is_any(&address) && !image->peer &&
		    (!known || known->state != TCP_ESTABLISHED))
			image->local = NULL;
	}
	if (image->peer || !known || known->state != TCP_ESTABLISHED)
		return 0;
	address = known->peer;
	if (inet_address_is_link_local(&address))
		address.interface = interface_of(fd);
	image->peer = inet_image_new(&dump->arena, &address);
	return image->peer ? 0 : log_error_errno(-ENOMEM, "cannot note its address");
}

/* A routing daemon has such a socket, and no call tells which of several it is. */
static int check_router(struct dump *dump, const Cr__InetSocket *image)
{
	bool is_ipv6 = image->family == AF_INET6;
	cleanup_free char *text = NULL;
	const char *line;
	int r;

	if (raw_is_ping(image) || image->protocol != (is_ipv6 ? IPPROTO_ICMPV6 : IPPROTO_IGMP))
		return 0;
	r = file_read_at(AT_FDCWD,
			 is_ipv6 ? "/proc/thread-self/net/ip6_mr_vif" : "/proc/thread-self/net/ip_mr_vif",
			 ROUTER_FILE_SIZE_MAX, &text, NULL);
	if (r < 0)
		return r == -ENOENT ? 0 : log_error_errno(r, "cannot read which interfaces route multicast");
	/* Below the heading. */
	line = strchr(text, '\n');
	if (line && line[1] != '\0')
		blockers_add(
			&dump->blockers,
			"its raw socket may be the one that routes multicast here (MRT_INIT), which cannot "
			"be preserved: stop the multicast routing");
	return 0;
}

static int check_queue(struct dump *dump, const Cr__InetSocket *image, int fd)
{
	bool has_input = false;
	int r = socket_has_input(fd, &has_input);

	if (r < 0 || !has_input)
		return r;
	if (!raw_is_ping(image) || dump->options->is_in_flight_skipped)
		log_notice("left out the packets that wait in its %s socket",
			   raw_is_ping(image) ? "ping" : "raw");
	else
		blockers_add(
			&dump->blockers,
			"answers to echo requests wait in its ping socket, which cannot be preserved: let "
			"the program read them, or give --skip-in-flight to leave them out");
	return 0;
}

static int collect_entry(struct dump *dump, struct raw_sockets *sockets, struct inet_entry *entry, int fd)
{
	int r = collect_addresses(dump, sockets, entry, fd);

	entry->image->shutdown = inet_socket_shutdown(fd);
	if (r == 0)
		r = check_router(dump, entry->image);
	if (r == 0)
		r = inet_groups_collect(dump, fd, entry->image);
	(void)inet_socket_has_error(dump, fd);
	return r < 0 ? r : check_queue(dump, entry->image, fd);
}

static int raw_collect(struct dump *dump, const struct process *process, const struct fd_info *info,
		       struct open_file *file)
{
	int r = dump->fd_kind_states[FD_KIND_raw] ? 0 : raw_sockets_new(dump);
	struct raw_sockets *sockets = dump->fd_kind_states[FD_KIND_raw];
	struct inet_entry *entry, **slot;
	Cr__RawSocket *image;

	if (r < 0)
		return r;
	entry = arena_new(&dump->arena, struct inet_entry);
	image = arena_new(&dump->arena, Cr__RawSocket);
	slot = entry && image ? vector_append(sockets, entries) : NULL;
	if (!slot)
		return log_error_errno(-ENOMEM, "cannot note its socket");
	*slot = entry;
	cr__raw_socket__init(image);
	r = inet_socket_collect(dump, process, info, file, &socket_options_raw, entry);
	if (r == 0)
		r = collect_entry(dump, sockets, entry, info->our_fd);
	if (r < 0)
		return r;
	image->socket = entry->image;
	file->entry = &image->base;
	file->description = entry->description;
	return 0;
}

static int raw_check_outside(struct dump *dump)
{
	const struct raw_sockets *sockets = dump->fd_kind_states[FD_KIND_raw];
	int r = 0;

	for (size_t i = 0; sockets && r == 0 && i < sockets->entries_count; i++)
		r = inet_socket_check_holders(dump, sockets->entries[i]);
	return r;
}

static void raw_done(struct dump *dump)
{
	struct raw_sockets *sockets = dump->fd_kind_states[FD_KIND_raw];

	if (!sockets)
		return;
	raw_socket_list_done(&sockets->list);
	free(sockets->entries);
	free(sockets);
	dump->fd_kind_states[FD_KIND_raw] = NULL;
}

const struct fd_dumper raw_fd_dumper = {
	.name = "raw",
	.matches = raw_matches,
	.collect = raw_collect,
	.check = raw_check_outside,
	.done = raw_done,
};
