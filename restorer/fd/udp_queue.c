/* SPDX-License-Identifier: MIT */
/*
 * Lets datagrams wait in a socket again: each is sent to it over loopback in the name of its sender, whoever
 * that is (foreign_sender.h).
 *
 * They must reach this very socket and no other of its port. None is connected yet. Of a group (SO_REUSEPORT)
 * a filter chooses it by number; another one is bound to the loopback device for this time, which makes it
 * the best match.
 */
#include "restorer/fd/udp.h"

#include <endian.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "restorer/fd/contents_reader.h"
#include "restorer/fd/foreign_sender.h"

#define ARRIVAL_ROUNDS 1000
#define ARRIVAL_PAUSE_NS 1000000
/* Room for what waited in the largest of sockets. */
#define ROOM (1 << 30)

#ifndef SO_DETACH_REUSEPORT_BPF
#define SO_DETACH_REUSEPORT_BPF 68
#endif

/* The datagrams of a member. */
struct record_reader {
	struct contents_reader contents;
	uint64_t left; /* of the member */
};

struct filling {
	const struct object *object;
	const Cr__UdpSocket *image;
	int fd;
	bool is_grouped;   /* SO_REUSEPORT */
	bool is_on_device; /* bound to the loopback device for now */
	const Cr__UdpDatagram *datagram;
	unsigned char packet[sizeof(struct udphdr) + UDP_DATAGRAM_SIZE_MAX];
};

static int bad_contents(const char *why)
{
	log_error("bad archive: what waits in it: %s", why);
	return -EBADMSG;
}

static int read_bytes(struct record_reader *reader, void *buffer, size_t size)
{
	if (size > reader->left)
		return bad_contents("a datagram is cut off");
	reader->left -= size;
	return contents_read(&reader->contents, buffer, size);
}

static void datagram_freep(Cr__UdpDatagram **datagram)
{
	if (*datagram)
		cr__udp_datagram__free_unpacked(*datagram, NULL);
}

/* The caller frees *ret_datagram; its bytes are behind the header in PACKET. */
static int read_record(struct record_reader *reader, const Cr__UdpSocket *image,
		       unsigned char packet[sizeof(struct udphdr) + UDP_DATAGRAM_SIZE_MAX],
		       Cr__UdpDatagram **ret_datagram)
{
	cleanup_(datagram_freep) Cr__UdpDatagram *datagram = NULL;
	unsigned char head[UDP_RECORD_IMAGE_SIZE_MAX];
	const char *reason = "";
	uint32_t size = 0;
	int r = read_bytes(reader, &size, sizeof(size));

	if (r < 0)
		return r;
	size = le32toh(size);
	if (size > sizeof(head))
		return bad_contents("the head of a datagram is too large");
	r = read_bytes(reader, head, size);
	if (r < 0)
		return r;
	datagram = cr__udp_datagram__unpack(NULL, size, head);
	if (!datagram)
		return bad_contents("the head of a datagram cannot be read");
	if (udp_datagram_check(image, datagram, &reason) < 0)
		return bad_contents(reason);
	r = read_bytes(reader, packet + sizeof(struct udphdr), datagram->size);
	if (r < 0)
		return r;
	*ret_datagram = take_ptr(datagram);
	return 0;
}

/* Memory that waits in the socket, which grows by each datagram. */
static int waiting_memory(int fd, uint32_t *ret_memory)
{
	uint32_t info[SK_MEMINFO_VARS];
	socklen_t size = sizeof(info);

	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &size) < 0)
		return log_error_errno(-errno, "cannot ask what waits in its socket (SO_MEMINFO)");
	*ret_memory = info[SK_MEMINFO_RMEM_ALLOC];
	return 0;
}

/* Over loopback a packet is there when send(2) returns, unless the kernel has much to do. */
static int await_arrival(int fd, uint32_t before)
{
	const struct timespec pause = {.tv_nsec = ARRIVAL_PAUSE_NS};

	for (int i = 0; i < ARRIVAL_ROUNDS; i++) {
		uint32_t now = 0;
		int r = waiting_memory(fd, &now);

		if (r < 0 || now > before)
			return r;
		nanosleep(&pause, NULL);
	}
	return log_error_errno(
		-ETIMEDOUT, "a datagram that waited in its socket does not get there again over loopback: is "
			    "the interface lo down, or a packet filter in the way? --skip-in-flight leaves "
			    "it out");
}

static int set_int(int fd, int level, int number, int value)
{
	return setsockopt(fd, level, number, &value, sizeof(value)) < 0 ? -errno : 0;
}

static int open_sender(const struct filling *filling, const struct inet_address *from,
		       struct foreign_sender *ret_sender)
{
	cleanup_(foreign_sender_done) struct foreign_sender sender = FOREIGN_SENDER_NONE;
	bool is_ipv6 = from->family == AF_INET6;
	int r = foreign_sender_open(from, (int)filling->image->socket->protocol,
				    offsetof(struct udphdr, check), &sender);

	if (r == 0 && filling->datagram->hop_limit > 0)
		r = set_int(sender.fd, is_ipv6 ? IPPROTO_IPV6 : IPPROTO_IP,
			    is_ipv6 ? IPV6_UNICAST_HOPS : IP_TTL, (int)filling->datagram->hop_limit);
	if (r == 0 && filling->datagram->traffic_class > 0)
		r = set_int(sender.fd, is_ipv6 ? IPPROTO_IPV6 : IPPROTO_IP, is_ipv6 ? IPV6_TCLASS : IP_TOS,
			    (int)filling->datagram->traffic_class);
	if (r < 0)
		return r;
	*ret_sender = sender;
	sender = FOREIGN_SENDER_NONE;
	return 0;
}

/* Where the datagram went, or would as well have gone. */
static struct inet_address destination_of(const struct filling *filling, int family)
{
	const ProtobufCBinaryData *told = &filling->datagram->destination;
	struct inet_address address = inet_image_address(filling->image->socket->local);
	uint16_t port = address.port;

	if (told->len > 0) {
		address = (struct inet_address){.family = told->len == 4 ? AF_INET : AF_INET6};
		memcpy(address.bytes, told->data, told->len);
	}
	address = inet_address_unmap(&address);
	if (inet_address_is_any(&address)) {
		address = (struct inet_address){.family = (uint16_t)family};
		if (family == AF_INET)
			memcpy(address.bytes, (const unsigned char[]){127, 0, 0, 1}, 4);
		else
			address.bytes[15] = 1;
	}
	address.port = port;
	return address;
}

/* The device that it is to be bound to: loopback, or what the image says. */
static int bind_to_device(struct filling *filling, bool is_loopback)
{
	const Cr__SocketOption *option =
		socket_options_get(filling->image->socket->shared_options, SOL_SOCKET, SO_BINDTODEVICE);
	const void *name = option ? option->value.data : (const void *)"";
	size_t size = option ? option->value.len : 0;

	if (is_loopback == filling->is_on_device)
		return 0;
	if (is_loopback) {
		name = "lo";
		size = strlen("lo");
	}
	if (setsockopt(filling->fd, SOL_SOCKET, SO_BINDTODEVICE, name, (socklen_t)size) < 0)
		return log_error_errno(-errno, "cannot bind its socket to a network device");
	filling->is_on_device = is_loopback;
	return 0;
}

/* What goes to an IPv6 address of another device counts as received by that one. */
static bool arrives_by_loopback(const struct inet_address *to)
{
	static const unsigned char loopback[INET_ADDRESS_SIZE_MAX] = {[15] = 1};

	return to->family == AF_INET || memcmp(to->bytes, loopback, sizeof(loopback)) == 0;
}

/* One datagram of SIZE bytes, which stand at DATA with room for the header before them. */
static int send_one(struct filling *filling, const struct foreign_sender *sender, uint16_t port,
		    unsigned char *data, size_t size)
{
	struct inet_address to = destination_of(filling, sender->from.family);
	unsigned char *packet = data - sizeof(struct udphdr);
	size_t packet_size = size + sizeof(struct udphdr);
	struct udphdr header = {
		.source = htons(port),
		.dest = htons(to.port),
		.len = htons((uint16_t)packet_size),
	};
	uint32_t before = 0;
	int r = bind_to_device(filling, !filling->is_grouped && arrives_by_loopback(&to));

	if (r == 0)
		r = waiting_memory(filling->fd, &before);
	if (r < 0)
		return r;
	memcpy(packet, &header, sizeof(header));
	r = foreign_sender_send(sender, &to, packet, packet_size);
	if (r < 0)
		return log_error_errno(r, "cannot send a datagram that waited in its socket");
	return await_arrival(filling->fd, before);
}

/* What came as one (UDP_GRO) is sent as the datagrams it was made of. */
static int send_datagram(struct filling *filling)
{
	const Cr__UdpDatagram *datagram = filling->datagram;
	struct inet_address from = inet_image_address(datagram->sender);
	size_t segment = datagram->segment_size ?: datagram->size, offset = 0;
	unsigned char *data = filling->packet + sizeof(struct udphdr);
	cleanup_(foreign_sender_done) struct foreign_sender sender = FOREIGN_SENDER_NONE;
	int r;

	from = inet_address_unmap(&from);
	r = open_sender(filling, &from, &sender);
	if (r < 0)
		return log_error_errno(r, "cannot send in the name of who sent what waits in its socket");
	/* The header of one overwrites the end of the one before, which has been sent by then. */
	do {
		r = send_one(filling, &sender, from.port, data + offset,
			     MIN(segment, (size_t)datagram->size - offset));
		offset += segment;
	} while (r == 0 && offset < datagram->size);
	return r;
}

static int choose_in_group(int fd, unsigned index)
{
	struct sock_filter choice = BPF_STMT(BPF_RET | BPF_K, index);
	struct sock_fprog program = {.len = 1, .filter = &choice};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof(program)) < 0 ? -errno
												   : 0;
}

/* The socket takes what is sent now, and as much as there is. */
static int open_for_filling(const struct filling *filling)
{
	const struct udp_object *state = filling->object->state;
	const int room = ROOM;
	int r;

	if (setsockopt(filling->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0)
		return log_error_errno(-errno, "cannot make room in its socket");
	r = filling->is_grouped ? choose_in_group(filling->fd, state->group_index) : 0;
	return r < 0 ? log_error_errno(r, "cannot direct datagrams to its socket") : 0;
}

static int close_after_filling(struct filling *filling)
{
	int r = filling->is_grouped ? set_int(filling->fd, SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, 0) : 0;

	return r < 0 ? log_error_errno(r, "cannot set its socket back") : bind_to_device(filling, false);
}

static int fill(struct filling *filling, struct record_reader *reader)
{
	int r = open_for_filling(filling);

	while (r == 0 && reader->left > 0) {
		cleanup_(datagram_freep) Cr__UdpDatagram *datagram = NULL;

		r = read_record(reader, filling->image, filling->packet, &datagram);
		if (r < 0)
			break;
		filling->datagram = datagram;
		r = send_datagram(filling);
	}
	return r < 0 ? r : close_after_filling(filling);
}

int udp_queue_fill(struct restore *restore, const struct object *object, int fd)
{
	const Cr__UdpSocket *image = (const Cr__UdpSocket *)object->entry;
	struct record_reader reader = {.contents.reader = restore->reader, .left = image->contents_size};
	cleanup_free struct filling *filling = NULL;
	char name[INET_DESCRIPTION_SIZE];

	LOG_SCOPE("%s", inet_socket_describe(object, image->socket, name));
	if (restore->options->is_in_flight_skipped) {
		log_notice("what waits in it is left out");
		return 0;
	}
	filling = malloc(sizeof(*filling));
	if (!filling)
		return log_error_errno(-ENOMEM, "cannot fill its queue");
	*filling = (struct filling){
		.object = object,
		.image = image,
		.fd = fd,
		.is_grouped =
			socket_options_get_int(image->socket->shared_options, SOL_SOCKET, SO_REUSEPORT, 0),
	};
	return fill(filling, &reader);
}
