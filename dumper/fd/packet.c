/* SPDX-License-Identifier: MIT */
/*
 * Packet sockets, at dump.
 *
 * What waits in their queue is a copy of what has been on the wire, for whoever looks in time; it is not
 * kept. What is in a ring the program may be looking at already.
 */
#include "dumper/fd/packet.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "common/vector.h"

static bool packet_matches(const struct fd_info *info)
{
	return info->socket.family == AF_PACKET;
}

static int packet_sockets_new(struct dump *dump)
{
	struct packet_sockets *sockets = calloc(1, sizeof(*sockets));
	int r;

	dump->fd_kind_states[FD_KIND_packet] = sockets;
	if (!sockets)
		return log_error_errno(-ENOMEM, "cannot note its socket");
	r = packet_diag_read(&sockets->diag);
	if (r == -ENOENT)
		return log_error_errno(-ENOSYS,
				       "this kernel does not tell about packet sockets (CONFIG_PACKET_DIAG)");
	return r < 0 ? log_error_errno(r, "cannot ask about packet sockets (sock_diag)") : 0;
}

static int collect_interface(struct dump *dump, const struct packet_diag_socket *known,
			     Cr__PacketSocket *image)
{
	char name[IF_NAMESIZE] = "";

	if (known->interface < 0 ||
	    (known->interface > 0 && !if_indextoname((unsigned)known->interface, name)))
		blockers_add(&dump->blockers, "its packet socket is bound to a network interface that is not "
					      "there any more: the program has to bind it to another");
	image->protocol = known->protocol;
	image->interface = arena_string(&dump->arena, name);
	return image->interface ? 0 : log_error_errno(-ENOMEM, "cannot note its interface");
}

/* The last first, as they are to be asked for again. An interface that has gone took its memberships along.
 */
static int collect_memberships(struct dump *dump, const struct packet_diag_socket *known,
			       Cr__PacketSocket *image)
{
	image->memberships =
		arena_array(&dump->arena, Cr__PacketMembership *, MAX(known->memberships_count, (size_t)1));
	if (!image->memberships)
		return log_error_errno(-ENOMEM, "cannot note its memberships");
	for (size_t i = known->memberships_count; i-- > 0;) {
		const struct packet_diag_membership *one = &known->memberships[i];
		Cr__PacketMembership *membership = arena_new(&dump->arena, Cr__PacketMembership);
		char name[IF_NAMESIZE];

		if (!membership)
			return log_error_errno(-ENOMEM, "cannot note its memberships");
		if (!if_indextoname(one->interface, name))
			continue;
		cr__packet_membership__init(membership);
		membership->interface = arena_string(&dump->arena, name);
		membership->type = one->type;
		membership->count = one->count;
		membership->address = arena_bytes(&dump->arena, one->address, one->address_size);
		if (!membership->interface || (one->address_size > 0 && !membership->address.data))
			return log_error_errno(-ENOMEM, "cannot note its memberships");
		image->memberships[image->n_memberships++] = membership;
	}
	return 0;
}

static int collect_fanout(struct dump *dump, const struct packet_diag_socket *known, int fd,
			  Cr__PacketSocket *image)
{
	socklen_t size = sizeof(image->fanout);

	if (!known->has_fanout)
		return 0;
	if (getsockopt(fd, SOL_PACKET, PACKET_FANOUT, &image->fanout, &size) < 0)
		return log_error_errno(-errno, "cannot ask for its fanout group (PACKET_FANOUT)");
	image->has_fanout = true;
	if (PACKET_FANOUT_TYPE(image->fanout) == PACKET_FANOUT_CBPF ||
	    PACKET_FANOUT_TYPE(image->fanout) == PACKET_FANOUT_EBPF)
		blockers_add(&dump->blockers,
			     "its packet socket is in a group that a BPF program divides packets among "
			     "(PACKET_FANOUT_DATA), which cannot be read, and so not be preserved");
	return 0;
}

static Cr__PacketRing *new_ring(struct arena *arena, const struct packet_diag_buffer *buffer)
{
	Cr__PacketRing *ring = arena_new(arena, Cr__PacketRing);

	if (!ring)
		return NULL;
	cr__packet_ring__init(ring);
	ring->block_size = buffer->block_size;
	ring->block_count = buffer->block_count;
	ring->frame_size = buffer->frame_size;
	ring->frame_count = buffer->frame_count;
	ring->retire_timeout_ms = buffer->retire_timeout_ms;
	ring->private_size = buffer->private_size;
	ring->features = buffer->features;
	return ring;
}

static int collect_rings(struct dump *dump, struct packet_sockets *sockets,
			 const struct packet_diag_socket *known, struct packet_entry *entry, int fd)
{
	Cr__PacketSocket *image = entry->image;

	if (known->receive_ring.block_size > 0) {
		image->receive_ring = new_ring(&dump->arena, &known->receive_ring);
		if (!image->receive_ring)
			return log_error_errno(-ENOMEM, "cannot note its ring");
	}
	if (known->send_ring.block_size > 0) {
		image->send_ring = new_ring(&dump->arena, &known->send_ring);
		if (!image->send_ring)
			return log_error_errno(-ENOMEM, "cannot note its ring");
	}
	return packet_rings_collect(dump, sockets, entry, fd);
}

/* An interface that is down is told once, and so it will be again. */
static int check_queue(struct dump *dump, const struct packet_diag_socket *known, int fd,
		       Cr__PacketSocket *image)
{
	bool has_input = false;
	int r = socket_has_input(fd, &has_input);

	if (r < 0)
		return r;
	if (has_input)
		log_notice("left out the packets that wait in its packet socket");
	if (!socket_has_error(fd))
		return 0;
	image->has_error = known->protocol != 0 && !known->is_running;
	if (!image->has_error)
		blockers_add(&dump->blockers,
			     "its packet socket has an error that the program has not read yet (SO_ERROR, or "
			     "MSG_ERRQUEUE of recv(2)): try again when it has");
	return 0;
}

static int collect_entry(struct dump *dump, struct packet_sockets *sockets, struct packet_entry *entry,
			 int fd)
{
	const struct packet_diag_socket *known = packet_diag_find(&sockets->diag, entry->place.inode);
	Cr__PacketSocket *image = entry->image;
	int r;

	/* It is of another network, which has been reported. */
	if (!known && blockers_any(&dump->blockers))
		return 0;
	if (!known)
		return log_error_errno(-ESRCH, "the kernel does not tell about its packet socket");
	r = collect_interface(dump, known, image);
	if (r == 0)
		r = collect_memberships(dump, known, image);
	if (r == 0)
		r = collect_fanout(dump, known, fd, image);
	if (r == 0)
		r = check_queue(dump, known, fd, image);
	return r < 0 ? r : collect_rings(dump, sockets, known, entry, fd);
}

static int new_entry(struct dump *dump, struct packet_sockets *sockets, uint32_t id,
		     struct packet_entry **ret_entry)
{
	struct packet_entry *entry = arena_new(&dump->arena, struct packet_entry), **slot;

	slot = entry ? vector_append(sockets, entries) : NULL;
	if (!slot)
		return -ENOMEM;
	*slot = entry;
	entry->image = arena_new(&dump->arena, Cr__PacketSocket);
	if (!entry->image)
		return -ENOMEM;
	cr__packet_socket__init(entry->image);
	*ret_entry = entry;
	return id_map_set_pointer(&sockets->entries_by_id, id, entry);
}

static int packet_collect(struct dump *dump, const struct process *process, const struct fd_info *info,
			  struct open_file *file)
{
	int r = dump->fd_kind_states[FD_KIND_packet] ? 0 : packet_sockets_new(dump);
	struct packet_sockets *sockets = dump->fd_kind_states[FD_KIND_packet];
	struct packet_entry *entry;

	if (r < 0)
		return r;
	r = new_entry(dump, sockets, file->image.id, &entry);
	if (r < 0)
		return log_error_errno(r, "cannot note its socket");
	r = socket_place_init(&entry->place, dump, process, info, file);
	if (r == 0)
		r = socket_base_collect(dump, info, &socket_options_packet, &entry->image->socket);
	if (r == 0)
		r = collect_entry(dump, sockets, entry, info->our_fd);
	if (r < 0)
		return r;
	file->contents_size = entry->image->contents_size;
	file->entry = &entry->image->base;
	file->description = entry->place.description;
	return socket_place_want_holders(dump, &entry->place);
}

static int packet_check_outside(struct dump *dump)
{
	const struct packet_sockets *sockets = dump->fd_kind_states[FD_KIND_packet];
	int r = 0;

	for (size_t i = 0; sockets && r == 0 && i < sockets->entries_count; i++)
		r = socket_place_check_holders(dump, &sockets->entries[i]->place);
	return r;
}

static int packet_write_contents(struct dump *dump, const struct open_file *file, int our_fd)
{
	const struct packet_sockets *sockets = dump->fd_kind_states[FD_KIND_packet];

	return packet_rings_write(dump, id_map_get_pointer(&sockets->entries_by_id, file->image.id), our_fd);
}

static void packet_done(struct dump *dump)
{
	struct packet_sockets *sockets = dump->fd_kind_states[FD_KIND_packet];

	if (!sockets)
		return;
	for (size_t i = 0; i < sockets->entries_count; i++)
		free(sockets->entries[i]->received);
	free(sockets->entries);
	id_map_done(&sockets->entries_by_id);
	packet_diag_done(&sockets->diag);
	if (sockets->kernel)
		kernel_sockets_free(sockets->kernel);
	free(sockets);
	dump->fd_kind_states[FD_KIND_packet] = NULL;
}

const struct fd_dumper packet_fd_dumper = {
	.name = "packet",
	.matches = packet_matches,
	.collect = packet_collect,
	.check = packet_check_outside,
	.write_contents = packet_write_contents,
	.done = packet_done,
};
