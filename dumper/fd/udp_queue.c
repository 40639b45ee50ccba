/* SPDX-License-Identifier: MIT */
/*
 * The datagrams that wait in a socket, looked at and left there (MSG_PEEK at SO_PEEK_OFF, socket(7)).
 *
 * They are read once: a datagram without contents that was looked at before is passed over by the next look.
 */
#include <endian.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "common/netlink/route.h"
#include "common/vector.h"
#include "dumper/fd/udp.h"

#define BUFFER_SIZE ((size_t)128 << 10)
#define CONTROL_SIZE ((size_t)8 << 10)
/* LOOPBACK_IFINDEX of the kernel: it is the first interface of every network. */
#define LOOPBACK_INTERFACE 1

#ifndef UDP_GRO
#define UDP_GRO 104
#endif

/* One datagram, and what the socket's options let it tell of itself. */
struct look {
	size_t size;
	struct inet_address sender;
	struct inet_address destination; /* family 0: not told */
	uint32_t interface;              /* it came in by; 0: not told */
	uint32_t segment_size;
	uint32_t hop_limit, traffic_class;
	bool has_headers; /* options of IPv4, extension headers of IPv6 */
	bool is_cut;
};

struct queue {
	struct dump *dump;
	struct udp_sockets *sockets;
	struct udp_entry *entry;
	int fd;
	bool is_local;      /* the socket's own address is one of this host, or any */
	size_t skipped;     /* datagrams that cannot be made to wait again */
	const char *reason; /* why, of the first */
};

static void queue_done(struct queue *queue)
{
	option_guard_restorep(&queue->sockets->guard);
}

static int set_peek_offset(struct queue *queue, int value)
{
	int r = queue->sockets->guard ? 0 : option_guard_new(&queue->sockets->guard);

	if (r == 0)
		r = option_guard_set(queue->sockets->guard, queue->fd, SOL_SOCKET, SO_PEEK_OFF, value);
	return r < 0 ? log_error_errno(r, "cannot prepare to read its queue") : 0;
}

static int control_int(const struct cmsghdr *control)
{
	int value = 0;

	memcpy(&value, CMSG_DATA(control), MIN(control->cmsg_len - CMSG_LEN(0), sizeof(value)));
	return value;
}

static void take_ip(const struct cmsghdr *control, struct look *look)
{
	struct in_pktinfo info;

	switch (control->cmsg_type) {
	case IP_PKTINFO:
		memcpy(&info, CMSG_DATA(control), sizeof(info));
		look->interface = (uint32_t)info.ipi_ifindex;
		look->destination = (struct inet_address){.family = AF_INET};
		memcpy(look->destination.bytes, &info.ipi_addr, sizeof(info.ipi_addr));
		break;
	case IP_TTL:
		look->hop_limit = (uint32_t)control_int(control);
		break;
	case IP_TOS:
		look->traffic_class = *CMSG_DATA(control);
		break;
	case IP_RECVOPTS:
	case IP_RETOPTS:
		look->has_headers = true;
		break;
	}
}

static void take_ipv6(const struct cmsghdr *control, struct look *look)
{
	struct in6_pktinfo info;

	switch (control->cmsg_type) {
	case IPV6_PKTINFO:
	case IPV6_2292PKTINFO:
		memcpy(&info, CMSG_DATA(control), sizeof(info));
		look->interface = info.ipi6_ifindex;
		look->destination = (struct inet_address){.family = AF_INET6};
		memcpy(look->destination.bytes, &info.ipi6_addr, sizeof(info.ipi6_addr));
		break;
	case IPV6_HOPLIMIT:
	case IPV6_2292HOPLIMIT:
		look->hop_limit = (uint32_t)control_int(control);
		break;
	case IPV6_TCLASS:
		look->traffic_class = (uint32_t)control_int(control);
		break;
	case IPV6_HOPOPTS:
	case IPV6_2292HOPOPTS:
	case IPV6_RTHDR:
	case IPV6_2292RTHDR:
	case IPV6_DSTOPTS:
	case IPV6_2292DSTOPTS:
		look->has_headers = true;
		break;
	}
}

static void take_control(struct msghdr *message, struct look *look)
{
	struct cmsghdr *control;

	for (control = CMSG_FIRSTHDR(message); control; control = CMSG_NXTHDR(message, control)) {
		if (control->cmsg_level == IPPROTO_IP)
			take_ip(control, look);
		else if (control->cmsg_level == IPPROTO_IPV6)
			take_ipv6(control, look);
		else if (control->cmsg_level == IPPROTO_UDP && control->cmsg_type == UDP_GRO)
			look->segment_size = (uint32_t)control_int(control);
	}
}

/* Into the buffer. 1: there is nothing more. */
static int look_at(struct queue *queue, struct look *ret_look)
{
	_Alignas(struct cmsghdr) unsigned char control[CONTROL_SIZE];
	struct sockaddr_storage sender = {0};
	struct iovec room = {queue->sockets->buffer, BUFFER_SIZE};
	struct msghdr message = {
		.msg_name = &sender,
		.msg_namelen = sizeof(sender),
		.msg_iov = &room,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t size;

	*ret_look = (struct look){0};
	if (inet_socket_has_error(queue->dump, queue->fd))
		return 1;
	size = recvmsg(queue->fd, &message, MSG_PEEK | MSG_DONTWAIT);
	if (size < 0)
		return errno == EAGAIN ? 1 : log_error_errno(-errno, "cannot read its queue");
	ret_look->size = (size_t)size;
	ret_look->is_cut = message.msg_flags & (MSG_TRUNC | MSG_CTRUNC);
	(void)inet_address_from_sockaddr(&ret_look->sender, &sender, message.msg_namelen);
	take_control(&message, ret_look);
	return 0;
}

/* Whether packets to an address stay on this host. */
static int is_local(const struct inet_address *address, bool *ret_is_local)
{
	int r = route_is_local(address);

	if (r < 0)
		return log_error_errno(r, "cannot ask whether an address is local");
	*ret_is_local = r > 0;
	return 0;
}

/*
 * A restore sends them again to the socket, in the name of the sender and over loopback. NULL: that can be
 * done.
 */
static int find_obstacle(const struct queue *queue, const struct look *look, const char **ret_reason)
{
	bool is_from_here = false, is_to_here = queue->is_local;
	int r = is_local(&look->sender, &is_from_here);

	if (r == 0 && look->destination.family != 0)
		r = is_local(&look->destination, &is_to_here);
	if (r < 0)
		return r;
	*ret_reason = NULL;
	if (look->is_cut || look->has_headers || look->size > UDP_DATAGRAM_SIZE_MAX)
		*ret_reason = "it came with headers of its own";
	else if (inet_address_is_any(&look->sender) || inet_address_is_multicast(&look->sender) ||
		 inet_address_is_link_local(&look->sender))
		*ret_reason = "its sender has no address of its own beyond the local network";
	else if (!is_to_here)
		*ret_reason = "it came by multicast, broadcast or a link-local address";
	else if (look->interface > LOOPBACK_INTERFACE && !is_from_here)
		*ret_reason = "the program asks by which interface it came (IP_PKTINFO)";
	return 0;
}

static int append(struct udp_entry *entry, const void *data, size_t size)
{
	int r = vector_reserve((void **)&entry->contents, &entry->contents_capacity,
			       entry->contents_count + size, 1);

	if (r < 0)
		return r;
	memcpy(entry->contents + entry->contents_count, data, size);
	entry->contents_count += size;
	return 0;
}

static int add_record(struct queue *queue, const struct look *look)
{
	Cr__UdpDatagram datagram = CR__UDP_DATAGRAM__INIT;
	unsigned char head[UDP_RECORD_IMAGE_SIZE_MAX];
	uint32_t head_size, stored_size;
	int r;

	datagram.sender = inet_image_new(&queue->dump->arena, &look->sender);
	if (!datagram.sender)
		return -ENOMEM;
	datagram.size = (uint32_t)look->size;
	datagram.segment_size = look->segment_size >= look->size ? 0 : look->segment_size;
	datagram.destination.data = (uint8_t *)(uintptr_t)look->destination.bytes;
	datagram.destination.len = inet_address_size(look->destination.family);
	datagram.hop_limit = look->hop_limit;
	datagram.traffic_class = look->traffic_class;
	head_size = (uint32_t)cr__udp_datagram__get_packed_size(&datagram);
	if (head_size > sizeof(head))
		return -EFBIG;
	(void)cr__udp_datagram__pack(&datagram, head);
	stored_size = htole32(head_size);
	r = append(queue->entry, &stored_size, sizeof(stored_size));
	if (r == 0)
		r = append(queue->entry, head, head_size);
	return r < 0 ? r : append(queue->entry, queue->sockets->buffer, look->size);
}

static int note(struct queue *queue, const struct look *look)
{
	const char *reason = NULL;
	int r = find_obstacle(queue, look, &reason);

	if (r < 0)
		return r;
	if (!reason && queue->entry->contents_count + look->size > UDP_CONTENTS_SIZE_MAX / 2)
		reason = "there are too many of them";
	if (reason) {
		if (queue->skipped++ == 0)
			queue->reason = reason;
		return 0;
	}
	r = add_record(queue, look);
	return r < 0 ? log_error_errno(r, "cannot note its queue") : 0;
}

/* A first one that is empty and was looked at before is seen without an offset only. */
static int read_empty_head(struct queue *queue)
{
	struct look look;
	int r = set_peek_offset(queue, -1);

	if (r == 0)
		r = look_at(queue, &look);
	return r != 0 || look.size > 0 ? r : note(queue, &look);
}

static int read_queue(struct queue *queue)
{
	int r = read_empty_head(queue);

	if (r == 0)
		r = set_peek_offset(queue, 0);
	while (r == 0) {
		struct look look;

		r = look_at(queue, &look);
		if (r == 0)
			r = note(queue, &look);
	}
	return MIN(r, 0);
}

static void report(const struct queue *queue)
{
	if (queue->skipped == 0)
		return;
	if (queue->dump->options->is_in_flight_skipped)
		log_notice("left out %zu of the datagrams that wait in its socket: %s", queue->skipped,
			   queue->reason);
	else
		blockers_add(&queue->dump->blockers,
			     "%zu of the datagrams that wait in its socket cannot be preserved: %s; let the "
			     "program read them, or give --skip-in-flight to leave them out",
			     queue->skipped, queue->reason);
}

int udp_queue_collect(struct dump *dump, struct udp_sockets *sockets, struct udp_entry *entry, int fd)
{
	cleanup_(queue_done) struct queue queue = {
		.dump = dump,
		.sockets = sockets,
		.entry = entry,
		.fd = fd,
		.is_local = true,
	};
	const Cr__InetAddress *own = entry->inet.image->local;
	struct inet_address address;
	int r = 0;

	if (!own || own->port == 0)
		return 0;
	if (!sockets->buffer)
		sockets->buffer = malloc(BUFFER_SIZE);
	if (!sockets->buffer)
		return log_error_errno(-ENOMEM, "cannot read its queue");
	address = inet_image_address(own);
	if (!inet_address_is_any(&address))
		r = is_local(&address, &queue.is_local);
	if (r == 0)
		r = read_queue(&queue);
	if (r == 0)
		report(&queue);
	return r;
}
