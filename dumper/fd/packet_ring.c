/* SPDX-License-Identifier: MIT */
/*
 * The rings of packet sockets, PACKET_RX_RING and PACKET_TX_RING of packet(7).
 *
 * The kernel goes on filling a ring while the program is frozen. But it writes to frames that are its own
 * only: those that it has handed over stay, and what it adds after we have looked is what arrives while the
 * program is not there. Where it goes on, its head, shows nowhere but in its memory; if that cannot be read,
 * a ring of zeros is taken for one that has never been used.
 */
#include <errno.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "common/cleanup.h"
#include "dumper/fd/packet.h"

/* Looks at a ring that the kernel is filling, and between them. */
#define ROUNDS_MAX 500
#define PAUSE_NS 2000000
/* What is handed to the writer at once of what the program has no use for. */
#define ZEROS_SIZE ((size_t)64 << 10)

/* Both rings, the receive ring first, mapped by us. */
struct rings {
	unsigned char *memory;
	size_t size;
};

static void rings_done(struct rings *rings)
{
	if (rings->memory)
		munmap(rings->memory, rings->size);
}

static int map_rings(const Cr__PacketSocket *image, int fd, struct rings *ret_rings)
{
	size_t size = packet_rings_size(image);
	void *memory = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED)
		return log_error_errno(-errno, "cannot map the rings of its packet socket");
	*ret_rings = (struct rings){memory, size};
	return 0;
}

static bool is_zero(const unsigned char *data, size_t size)
{
	return size == 0 || (data[0] == 0 && memcmp(data, data + 1, size - 1) == 0);
}

static bool is_all_zero(const Cr__PacketRing *ring, const unsigned char *memory)
{
	return is_zero(memory, packet_ring_size(ring));
}

/* The kernel opens the first block at once, and the others one after the other. */
static bool are_blocks_unused(const Cr__PacketRing *ring, const unsigned char *memory)
{
	for (uint32_t i = 0; i < ring->block_count; i++) {
		const struct tpacket_block_desc *block =
			(const void *)(memory + (size_t)i * ring->block_size);

		if (block->hdr.bh1.num_pkts != 0 || block->hdr.bh1.block_status != TP_STATUS_KERNEL ||
		    block->hdr.bh1.seq_num != (i == 0 ? 1 : 0))
			return false;
	}
	return true;
}

/* 1: it cannot be told, which has been reported. IS_UNUSED: it seems to be at the beginning. */
static int read_head(struct dump *dump, struct packet_sockets *sockets, int fd, const char *member,
		     bool is_unused, uint64_t *ret_head)
{
	int r = sockets->kernel ? 0 : kernel_sockets_open(&sockets->kernel);

	if (r == 0)
		r = kernel_sockets_read(sockets->kernel, fd, member, ret_head);
	if (r == -ENOMEM)
		return log_error_errno(r, "cannot look for the head of a ring");
	if (r < 0 && is_unused)
		*ret_head = r = 0;
	if (r == 0)
		return 0;
	blockers_add(&dump->blockers,
		     "its packet socket has a ring, and where the kernel is in it cannot be told (%s): run "
		     "cr-dump "
		     "as root, on a kernel with BPF and BTF",
		     strerror(-r));
	return 1;
}

static void find_received(const Cr__PacketRing *ring, const unsigned char *memory, int version,
			  unsigned char *received)
{
	memset(received, 0, ring->frame_count / 8 + 1);
	for (uint32_t i = 0; i < ring->frame_count; i++)
		if (packet_frame_status(memory + packet_frame_offset(ring, i), version) & TP_STATUS_USER)
			received[i / 8] |= (unsigned char)(1U << i % 8);
}

/* The kernel moves its head first, and then writes the frame and hands it over. */
static bool is_being_written(const Cr__PacketRing *ring, const unsigned char *memory, int version,
			     const unsigned char *received, uint64_t head)
{
	uint32_t last = (uint32_t)(head + ring->frame_count - 1) % ring->frame_count;

	return !(received[last / 8] & 1U << last % 8) &&
	       packet_frame_status(memory + packet_frame_offset(ring, last), version) & TP_STATUS_USER;
}

/* A moment in which the head stands still, and what it has left behind is there. */
static int look_at_received(struct dump *dump, struct packet_sockets *sockets, struct packet_entry *entry,
			    int fd, const unsigned char *memory)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};
	Cr__PacketRing *ring = entry->image->receive_ring;
	int version = packet_version(entry->image);
	bool is_unused = is_all_zero(ring, memory);
	uint64_t head = 0, after = 0;

	entry->received = calloc(1, ring->frame_count / 8 + 1);
	if (!entry->received)
		return log_error_errno(-ENOMEM, "cannot note what is in a ring");
	for (int i = 0; i < ROUNDS_MAX; i++) {
		int r = read_head(dump, sockets, fd, "packet_sock.rx_ring.head", is_unused, &head);

		if (r != 0)
			return MIN(r, 0);
		find_received(ring, memory, version, entry->received);
		nanosleep(&pause, NULL);
		r = read_head(dump, sockets, fd, "packet_sock.rx_ring.head", is_unused, &after);
		if (r != 0)
			return MIN(r, 0);
		if (head != after || head >= ring->frame_count ||
		    is_being_written(ring, memory, version, entry->received, head))
			continue;
		ring->head = (uint32_t)head;
		if (head != 0 || !is_all_zero(ring, memory))
			entry->image->contents_size = packet_rings_size(entry->image);
		return 0;
	}
	blockers_add(&dump->blockers,
		     "the ring of its packet socket is being filled too fast to be looked at: try again");
	return 0;
}

static int collect_receive_ring(struct dump *dump, struct packet_sockets *sockets, struct packet_entry *entry,
				int fd, const unsigned char *memory)
{
	const Cr__PacketRing *ring = entry->image->receive_ring;

	if (packet_version(entry->image) == TPACKET_V3) {
		if (!are_blocks_unused(ring, memory))
			blockers_add(
				&dump->blockers,
				"its packet socket has a ring of TPACKET_V3 with packets in it, or that has "
				"been used, which cannot be preserved yet");
		return 0;
	}
	return look_at_received(dump, sockets, entry, fd, memory);
}

static int collect_send_ring(struct dump *dump, struct packet_sockets *sockets, struct packet_entry *entry,
			     int fd, const unsigned char *memory)
{
	Cr__PacketRing *ring = entry->image->send_ring;
	bool is_unused = is_all_zero(ring, memory);
	uint64_t head = 0;
	int r = read_head(dump, sockets, fd, "packet_sock.tx_ring.head", is_unused, &head);

	if (r != 0)
		return MIN(r, 0);
	if (head >= ring->frame_count)
		return log_error_errno(-EPROTO, "the head of its ring is beyond its end");
	ring->head = (uint32_t)head;
	if (head != 0 || !is_unused)
		entry->image->contents_size = packet_rings_size(entry->image);
	return 0;
}

int packet_rings_collect(struct dump *dump, struct packet_sockets *sockets, struct packet_entry *entry,
			 int fd)
{
	const Cr__PacketSocket *image = entry->image;
	cleanup_(rings_done) struct rings rings = {0};
	int r;

	if (packet_rings_size(image) == 0)
		return 0;
	r = map_rings(image, fd, &rings);
	if (r == 0 && image->receive_ring)
		r = collect_receive_ring(dump, sockets, entry, fd, rings.memory);
	if (r == 0 && image->send_ring)
		r = collect_send_ring(dump, sockets, entry, fd,
				      rings.memory + packet_ring_size(image->receive_ring));
	return r;
}

static int write_zeros(struct dump *dump, size_t size)
{
	static const unsigned char zeros[ZEROS_SIZE];
	int r = 0;

	while (r == 0 && size > 0) {
		size_t part = MIN(size, sizeof(zeros));

		r = archive_writer_data(dump->writer, zeros, part);
		size -= part;
	}
	return r;
}

/* The frames that wait for the program; everything else is the kernel's. */
static int write_receive_ring(struct dump *dump, const struct packet_entry *entry,
			      const unsigned char *memory)
{
	const Cr__PacketRing *ring = entry->image->receive_ring;
	size_t at = 0, size = packet_ring_size(ring);
	int r = 0;

	for (uint32_t i = 0; entry->received && r == 0 && i < ring->frame_count; i++) {
		size_t offset = packet_frame_offset(ring, i);

		if (!(entry->received[i / 8] & 1U << i % 8))
			continue;
		r = write_zeros(dump, offset - at);
		if (r == 0)
			r = archive_writer_data(dump->writer, memory + offset, ring->frame_size);
		at = offset + ring->frame_size;
	}
	return r < 0 ? r : write_zeros(dump, size - at);
}

int packet_rings_write(struct dump *dump, const struct packet_entry *entry, int fd)
{
	const Cr__PacketSocket *image = entry->image;
	cleanup_(rings_done) struct rings rings = {0};
	size_t received = packet_ring_size(image->receive_ring);
	int r = map_rings(image, fd, &rings);

	if (r == 0 && image->receive_ring)
		r = write_receive_ring(dump, entry, rings.memory);
	if (r == 0 && image->send_ring)
		r = archive_writer_data(dump->writer, rings.memory + received, rings.size - received);
	return r;
}
