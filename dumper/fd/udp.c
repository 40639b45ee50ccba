/* SPDX-License-Identifier: MIT */
/* UDP and UDP-Lite sockets, at dump. */
#include "dumper/fd/udp.h"

#include <errno.h>
#include <linux/sockios.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/kernel_socket.h"
#include "common/vector.h"

/* What was sent leaves a device within that time, unless it is held back. */
#define SEND_ROUNDS 50
#define SEND_PAUSE_NS 2000000

static bool udp_matches(const struct fd_info *info)
{
	struct socket_type type = info->socket;

	return inet_address_size(type.family) > 0 && type.type == SOCK_DGRAM &&
	       (type.protocol == IPPROTO_UDP || type.protocol == IPPROTO_UDPLITE);
}

static int udp_sockets_new(struct dump *dump)
{
	struct udp_sockets *sockets = calloc(1, sizeof(*sockets));
	int r;

	dump->fd_kind_states[FD_KIND_udp] = sockets;
	if (!sockets)
		return log_error_errno(-ENOMEM, "cannot note its socket");
	r = inet_diag_read(&sockets->diag, IPPROTO_UDP);
	if (r == 0)
		r = inet_diag_read(&sockets->diag, IPPROTO_UDPLITE);
	/* Without the kernel's help only whether a socket is shut down for sending alone is not known. */
	return r == -ENOENT ? 0 : r < 0 ? log_error_errno(r, "cannot ask about UDP sockets (sock_diag)") : 0;
}

/* Parts of a datagram that is sent when the last of it is there (UDP_CORK, MSG_MORE) cannot be seen. */
static int check_corked(struct dump *dump, int fd)
{
	const struct timespec pause = {.tv_nsec = SEND_PAUSE_NS};
	int waiting = 0;

	for (int i = 0; i < SEND_ROUNDS; i++) {
		if (ioctl(fd, SIOCOUTQ, &waiting) < 0)
			return log_error_errno(-errno, "cannot ask what it has not sent yet");
		if (waiting == 0)
			return 0;
		nanosleep(&pause, NULL);
	}
	blockers_add(&dump->blockers,
		     "its socket has %d bytes that are not sent yet, of a datagram that waits for its end "
		     "(UDP_CORK or MSG_MORE) or in a device, which cannot be preserved: try again",
		     waiting);
	return 0;
}

/* Others have a handler in the kernel. */
static void check_encapsulation(struct dump *dump, const Cr__InetSocket *image)
{
	int32_t kind = socket_options_get_int(image->protocol_options, IPPROTO_UDP, UDP_ENCAP, 0);

	if (kind != 0 && kind != UDP_ENCAP_ESPINUDP)
		blockers_add(&dump->blockers,
			     "its socket carries a tunnel of the kernel (UDP_ENCAP %d), which cannot be "
			     "preserved",
			     kind);
}

/* ECONNREFUSED and no other: to ask for it takes it away, so it is looked at in the kernel's memory. */
static bool has_refusal_only(int fd)
{
	cleanup_(kernel_sockets_freep) struct kernel_sockets *sockets = NULL;
	uint64_t error = 0, messages = 0;
	int r = kernel_sockets_open(&sockets);

	if (r == 0)
		r = kernel_sockets_read(sockets, fd, "sock.sk_err", &error);
	if (r == 0)
		r = kernel_sockets_read(sockets, fd, "sock.sk_error_queue.qlen", &messages);
	return r == 0 && error == ECONNREFUSED && messages == 0;
}

/* Whether there is an error: then nothing else is read, by which it would be told. Adds a blocker if it
 * cannot be made again: that takes its own address, and the loopback. */
static bool collect_error(struct dump *dump, struct udp_entry *entry, int fd)
{
	const Cr__InetSocket *image = entry->inet.image;
	struct pollfd state = {.fd = fd, .events = POLLIN};

	if (poll(&state, 1, 0) != 1 || !(state.revents & POLLERR))
		return false;
	if (!(state.revents & POLLIN) && image->local && image->peer && !image->is_address_foreign &&
	    !socket_options_get(image->shared_options, SOL_SOCKET, SO_BINDTODEVICE) && has_refusal_only(fd)) {
		entry->image->is_refused = true;
		return true;
	}
	return inet_socket_has_error(dump, fd);
}

static int collect_entry(struct dump *dump, struct udp_sockets *sockets, struct udp_entry *entry, int fd)
{
	const struct inet_diag_socket *diag = inet_diag_find(&sockets->diag, entry->inet.inode);
	int r;

	entry->image->socket = entry->inet.image;
	entry->inet.image->shutdown = diag ? diag->shutdown : inet_socket_shutdown(fd);
	check_encapsulation(dump, entry->inet.image);
	r = check_corked(dump, fd);
	if (r == 0)
		r = inet_groups_collect(dump, fd, entry->inet.image);
	return r < 0 || collect_error(dump, entry, fd) ? r : udp_queue_collect(dump, sockets, entry, fd);
}

static int udp_collect(struct dump *dump, const struct process *process, const struct fd_info *info,
		       struct open_file *file)
{
	int r = dump->fd_kind_states[FD_KIND_udp] ? 0 : udp_sockets_new(dump);
	struct udp_sockets *sockets = dump->fd_kind_states[FD_KIND_udp];
	struct udp_entry *entry, **slot;

	if (r < 0)
		return r;
	entry = arena_new(&dump->arena, struct udp_entry);
	slot = entry ? vector_append(sockets, entries) : NULL;
	if (!slot)
		return log_error_errno(-ENOMEM, "cannot note its socket");
	*slot = entry;
	entry->image = arena_new(&dump->arena, Cr__UdpSocket);
	if (!entry->image || id_map_set_pointer(&sockets->entries_by_id, file->image.id, entry) < 0)
		return log_error_errno(-ENOMEM, "cannot note its socket");
	cr__udp_socket__init(entry->image);
	r = inet_socket_collect(dump, process, info, file, &socket_options_udp, &entry->inet);
	if (r == 0)
		r = collect_entry(dump, sockets, entry, info->our_fd);
	if (r < 0)
		return r;
	entry->image->contents_size = file->contents_size = entry->contents_count;
	file->entry = &entry->image->base;
	file->description = entry->inet.description;
	return 0;
}

static int udp_check_outside(struct dump *dump)
{
	struct udp_sockets *sockets = dump->fd_kind_states[FD_KIND_udp];

	if (!sockets)
		return 0;
	option_guard_free(take_ptr(sockets->guard));
	for (size_t i = 0; i < sockets->entries_count; i++) {
		int r = inet_socket_check_holders(dump, &sockets->entries[i]->inet);

		if (r < 0)
			return r;
	}
	return 0;
}

static int udp_write_contents(struct dump *dump, const struct open_file *file, int our_fd maybe_unused)
{
	const struct udp_sockets *sockets = dump->fd_kind_states[FD_KIND_udp];
	const struct udp_entry *entry = id_map_get_pointer(&sockets->entries_by_id, file->image.id);

	return archive_writer_data(dump->writer, entry->contents, entry->contents_count);
}

static void udp_done(struct dump *dump)
{
	struct udp_sockets *sockets = dump->fd_kind_states[FD_KIND_udp];

	if (!sockets)
		return;
	for (size_t i = 0; i < sockets->entries_count; i++)
		free(sockets->entries[i]->contents);
	free(sockets->entries);
	free(sockets->buffer);
	id_map_done(&sockets->entries_by_id);
	inet_diag_done(&sockets->diag);
	option_guard_free(sockets->guard);
	free(sockets);
	dump->fd_kind_states[FD_KIND_udp] = NULL;
}

const struct fd_dumper udp_fd_dumper = {
	.name = "udp",
	.matches = udp_matches,
	.collect = udp_collect,
	.check = udp_check_outside,
	.write_contents = udp_write_contents,
	.done = udp_done,
};
