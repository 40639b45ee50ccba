/* SPDX-License-Identifier: MIT */
/*
 * Gives packet sockets their rings back.
 *
 * A new ring begins with its first frame. Where the kernel goes on with another, it is led there by packets
 * that are nobody's: of a protocol for experiments, over loopback, each of which takes a frame. What the
 * frames hold is written over it then.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "restorer/fd/contents_reader.h"
#include "restorer/fd/packet.h"
#include "restorer/fd/socket_options.h"

/* IEEE 802: local experimental EtherType 1. */
#define PROTOCOL 0x88b5
#define ETHERNET_HEADER_SIZE 14U
#define PAYLOAD_SIZE 2U
#define ROUNDS_MAX 1000
#define PAUSE_NS 1000000

#define CR_PACKET_VNET_HDR_SZ 24

/* Both rings, the receive ring first. */
struct rings {
	const Cr__PacketSocket *socket;
	int fd;
	int version;
	unsigned char *memory, *send_memory;
	size_t size;
	unsigned loopback; /* index of the interface */
};

static void rings_done(struct rings *rings)
{
	if (rings->memory)
		munmap(rings->memory, rings->size);
}

static bool has_head(const Cr__PacketRing *ring)
{
	return ring && ring->head != 0;
}

static int make_ring(const Cr__PacketRing *ring, int fd, int option, const char *name)
{
	const struct tpacket_req3 request = {
		.tp_block_size = ring->block_size,
		.tp_block_nr = ring->block_count,
		.tp_frame_size = ring->frame_size,
		.tp_frame_nr = ring->frame_count,
		.tp_retire_blk_tov = ring->retire_timeout_ms,
		.tp_sizeof_priv = ring->private_size,
		.tp_feature_req_word = ring->features,
	};

	if (setsockopt(fd, SOL_PACKET, option, &request, sizeof(request)) < 0)
		return log_error_errno(-errno, "cannot make a ring of %u blocks of %u bytes (%s)",
				       ring->block_count, ring->block_size, name);
	return 0;
}

int packet_rings_make(const Cr__PacketSocket *socket, int fd)
{
	int r = socket->receive_ring ? make_ring(socket->receive_ring, fd, PACKET_RX_RING, "PACKET_RX_RING")
				     : 0;

	if (r == 0 && socket->send_ring)
		r = make_ring(socket->send_ring, fd, PACKET_TX_RING, "PACKET_TX_RING");
	return r;
}

void packet_rings_preflight(struct restore *restore, const Cr__PacketSocket *socket_image, const char *name)
{
	cleanup_close int fd = -EBADF;
	struct ifreq request = {.ifr_name = "lo"};

	if (!has_head(socket_image->receive_ring) && !has_head(socket_image->send_ring))
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0 || !(request.ifr_flags & IFF_UP))
		blockers_add(
			&restore->blockers,
			"%s has a ring that is in use, which cannot be made while the interface lo is down: "
			"ip link set lo up",
			name);
}

static void set_status(unsigned char *frame, int version, uint32_t status)
{
	if (version == TPACKET_V1)
		__atomic_store_n((unsigned long *)(void *)frame, status, __ATOMIC_RELEASE);
	else if (version == TPACKET_V2)
		__atomic_store_n((uint32_t *)(void *)frame, status, __ATOMIC_RELEASE);
	else
		__atomic_store_n(&((struct tpacket3_hdr *)(void *)frame)->tp_status, status,
				 __ATOMIC_RELEASE);
}

static void pause_shortly(void)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};

	nanosleep(&pause, NULL);
}

static struct sockaddr_ll loopback_address(const struct rings *rings)
{
	return (struct sockaddr_ll){
		.sll_family = AF_PACKET,
		.sll_protocol = htons(PROTOCOL),
		.sll_ifindex = (int)rings->loopback,
		.sll_halen = 6,
	};
}

/* Lengths, and where the packet begins, for those that set PACKET_TX_HAS_OFF; returns the latter. */
static size_t write_header(unsigned char *frame, int version, uint32_t size)
{
	struct tpacket_hdr *first = (void *)frame;
	struct tpacket2_hdr *second = (void *)frame;
	struct tpacket3_hdr *third = (void *)frame;
	size_t offset;

	switch (version) {
	case TPACKET_V1:
		offset = TPACKET_ALIGN(sizeof(*first));
		*first = (struct tpacket_hdr){
			.tp_len = size, .tp_mac = (unsigned short)offset, .tp_net = (unsigned short)offset};
		return offset;
	case TPACKET_V2:
		offset = TPACKET_ALIGN(sizeof(*second));
		*second = (struct tpacket2_hdr){
			.tp_len = size, .tp_mac = (uint16_t)offset, .tp_net = (uint16_t)offset};
		return offset;
	default:
		offset = TPACKET_ALIGN(sizeof(*third));
		*third = (struct tpacket3_hdr){
			.tp_len = size, .tp_mac = (uint16_t)offset, .tp_net = (uint16_t)offset};
		return offset;
	}
}

/* One packet, ready to be sent. */
static int write_packet(const struct rings *rings, unsigned char *frame)
{
	int32_t virtual_size = socket_options_get_int(rings->socket->socket->family_options, SOL_PACKET,
						      CR_PACKET_VNET_HDR_SZ, 0);
	bool is_raw = rings->socket->socket->type == SOCK_RAW;
	uint32_t header_size = (uint32_t)virtual_size + (is_raw ? ETHERNET_HEADER_SIZE : 0);
	uint16_t protocol = htons(PROTOCOL);
	size_t offset = write_header(frame, rings->version, header_size + PAYLOAD_SIZE);

	if (virtual_size < 0 || virtual_size > UINT8_MAX ||
	    offset + header_size + PAYLOAD_SIZE > rings->socket->send_ring->frame_size)
		return log_error_errno(-EINVAL, "the frames of its ring are too small");
	memset(frame + offset, 0, header_size + PAYLOAD_SIZE);
	if (is_raw)
		memcpy(frame + offset + header_size - sizeof(protocol), &protocol, sizeof(protocol));
	set_status(frame, rings->version, TP_STATUS_SEND_REQUEST);
	return 0;
}

static bool are_sent(const struct rings *rings, const Cr__PacketRing *ring)
{
	for (uint32_t i = 0; i < ring->head; i++)
		if (packet_frame_status(rings->send_memory + packet_frame_offset(ring, i), rings->version) &
		    (TP_STATUS_SEND_REQUEST | TP_STATUS_SENDING))
			return false;
	return true;
}

static int advance_send_ring(const struct rings *rings)
{
	const Cr__PacketRing *ring = rings->socket->send_ring;
	struct sockaddr_ll address = loopback_address(rings);
	int r = 0, error = 0;

	for (uint32_t i = 0; r == 0 && i < ring->head; i++)
		r = write_packet(rings, rings->send_memory + packet_frame_offset(ring, i));
	for (int i = 0; r == 0 && i < ROUNDS_MAX; i++) {
		if (sendto(rings->fd, NULL, 0, MSG_DONTWAIT, (struct sockaddr *)&address, sizeof(address)) <
		    0)
			error = errno;
		if (are_sent(rings, ring))
			return 0;
		pause_shortly();
	}
	return r < 0 ? r
		     : log_error_errno(error ? -error : -ETIMEDOUT,
				       "cannot send as many packets over loopback as had been sent");
}

static int receive_one(const struct rings *rings, int sender_fd, uint32_t index)
{
	const unsigned char *frame = rings->memory + packet_frame_offset(rings->socket->receive_ring, index);
	const unsigned char payload[PAYLOAD_SIZE] = {0};
	struct sockaddr_ll address = loopback_address(rings);

	if (sendto(sender_fd, payload, sizeof(payload), 0, (struct sockaddr *)&address, sizeof(address)) < 0)
		return log_error_errno(-errno, "cannot send a packet over loopback");
	for (int i = 0; i < ROUNDS_MAX; i++) {
		if (packet_frame_status(frame, rings->version) & TP_STATUS_USER)
			return 0;
		pause_shortly();
	}
	return log_error_errno(-ETIMEDOUT, "a packet does not arrive over loopback");
}

/* Only what is sent here has that protocol. */
static int advance_receive_ring(const struct rings *rings)
{
	struct sockaddr_ll address = loopback_address(rings);
	cleanup_close int sender_fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int r = 0;

	if (sender_fd < 0)
		return log_error_errno(-errno, "cannot make a packet socket");
	if (bind(rings->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return log_error_errno(-errno, "cannot bind its packet socket to loopback");
	if (setsockopt(rings->fd, SOL_SOCKET, SO_DETACH_FILTER, &(int){0}, sizeof(int)) < 0)
		return log_error_errno(-errno, "cannot take a filter from its socket");
	for (uint32_t i = 0; r == 0 && i < rings->socket->receive_ring->head; i++)
		r = receive_one(rings, sender_fd, i);
	return r < 0 ? r : socket_filter_deny(rings->fd);
}

static int map_rings(const Cr__PacketSocket *socket, int fd, struct rings *rings)
{
	size_t size = packet_rings_size(socket);
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED)
		return log_error_errno(-errno, "cannot map its rings");
	*rings = (struct rings){
		.socket = socket,
		.fd = fd,
		.version = packet_version(socket),
		.memory = memory,
		.send_memory = (unsigned char *)memory + packet_ring_size(socket->receive_ring),
		.size = size,
		.loopback = if_nametoindex("lo"),
	};
	return 0;
}

/* What the device had not sent quite by then, it has sent by now. */
static void settle_send_ring(const struct rings *rings)
{
	const Cr__PacketRing *ring = rings->socket->send_ring;

	for (uint32_t i = 0; ring && i < ring->frame_count; i++) {
		unsigned char *frame = rings->send_memory + packet_frame_offset(ring, i);

		if (packet_frame_status(frame, rings->version) & TP_STATUS_SENDING)
			set_status(frame, rings->version, TP_STATUS_AVAILABLE);
	}
}

/* What does not wait for the program is the kernel's; the blocks of TPACKET_V3 it has prepared already. */
static int read_receive_ring(const struct rings *rings, struct contents_reader *reader)
{
	const Cr__PacketRing *ring = rings->socket->receive_ring;
	cleanup_free unsigned char *block = malloc(ring->block_size);
	uint32_t per_block = ring->block_size / ring->frame_size;
	int r = block ? 0 : log_error_errno(-ENOMEM, "cannot fill its ring");

	for (uint32_t i = 0; r == 0 && i < ring->block_count; i++) {
		r = contents_read(reader, block, ring->block_size);
		for (uint32_t k = 0; r == 0 && rings->version != TPACKET_V3 && k < per_block; k++) {
			const unsigned char *from = block + (size_t)k * ring->frame_size;
			unsigned char *frame = rings->memory + packet_frame_offset(ring, i * per_block + k);

			if (packet_frame_status(from, rings->version) & TP_STATUS_USER)
				memcpy(frame, from, ring->frame_size);
			else
				set_status(frame, rings->version, TP_STATUS_KERNEL);
		}
	}
	return r;
}

static int read_contents(struct restore *restore, const struct rings *rings)
{
	struct contents_reader reader = {.reader = restore->reader};
	size_t received = packet_ring_size(rings->socket->receive_ring);
	int r = received > 0 ? read_receive_ring(rings, &reader) : 0;

	return r < 0 ? r : contents_read(&reader, rings->send_memory, rings->size - received);
}

int packet_rings_fill(struct restore *restore, const Cr__PacketSocket *socket, int fd)
{
	cleanup_(rings_done) struct rings rings = {0};
	struct tpacket_stats_v3 statistics;
	socklen_t size = sizeof(statistics);
	int r = map_rings(socket, fd, &rings);

	/* What is sent would be received, were that first. */
	if (r == 0 && has_head(socket->send_ring))
		r = advance_send_ring(&rings);
	if (r == 0 && has_head(socket->receive_ring))
		r = advance_receive_ring(&rings);
	if (r == 0)
		r = read_contents(restore, &rings);
	if (r < 0)
		return r;
	settle_send_ring(&rings);
	/* Asking sets them to zero. */
	if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &statistics, &size) < 0)
		return log_error_errno(-errno, "cannot set its statistics back");
	return 0;
}
