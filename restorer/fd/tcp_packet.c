/* SPDX-License-Identifier: MIT */
/* Makes segments in the name of the other side. */
#include "restorer/fd/tcp_packet.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/netlink/packet_lock.h"
#include "restorer/fd/foreign_sender.h"
#include "restorer/fd/inet_socket.h"

/* The socket must be found by what comes over loopback. */
static int bind_to_device(const Cr__TcpSocket *image, int fd, bool is_bound)
{
	const Cr__SocketOption *option =
		socket_options_get(image->socket->shared_options, SOL_SOCKET, SO_BINDTODEVICE);

	if (!option)
		return 0;
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, is_bound ? (const void *)option->value.data : "",
		       is_bound ? (socklen_t)option->value.len : 0) < 0)
		return log_error_errno(-errno, "cannot bind its socket to a network device");
	return 0;
}

static int send_segment(const struct foreign_sender *sender, const struct inet_address *to,
			const struct tcphdr *header)
{
	const int mark = PACKET_LOCK_PASS_MARK;
	unsigned char packet[sizeof(*header)];

	if (setsockopt(sender->fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) < 0)
		return -errno;
	memcpy(packet, header, sizeof(packet));
	return foreign_sender_send(sender, to, packet, sizeof(packet));
}

int tcp_packet_own_address(int fd, struct inet_address *ret_address)
{
	struct sockaddr_storage storage = {0};
	socklen_t size = sizeof(storage);

	if (getsockname(fd, (struct sockaddr *)&storage, &size) < 0)
		return -errno;
	return inet_address_from_sockaddr(ret_address, &storage, size) ? 0 : -EPROTO;
}

int tcp_packet_send(const Cr__TcpSocket *image, int fd, unsigned flags, uint32_t sequence,
		    uint32_t acknowledged)
{
	cleanup_(foreign_sender_done) struct foreign_sender sender = FOREIGN_SENDER_NONE;
	const Cr__TcpWindow *window = image->connection->window;
	struct inet_address from, to;
	struct tcphdr header = {
		.seq = htonl(sequence),
		.ack_seq = htonl(acknowledged),
		.doff = sizeof(header) / 4,
		.ack = 1,
		.fin = !!(flags & TCP_PACKET_END),
		.rst = !!(flags & TCP_PACKET_RESET),
		.window = htons((uint16_t)(window ? MIN(window->send >> image->connection->send_scale,
							(uint32_t)UINT16_MAX)
						  : 0)),
	};
	int r = inet_image_to_address(image->socket->peer, &from);

	if (r == 0)
		r = tcp_packet_own_address(fd, &to);
	if (r < 0)
		return log_error_errno(r, "cannot find its network interface");
	header.source = htons(from.port);
	header.dest = htons(to.port);
	from = inet_address_unmap(&from);
	to = inet_address_unmap(&to);
	r = foreign_sender_open(&from, IPPROTO_TCP, offsetof(struct tcphdr, check), &sender);
	if (r < 0)
		return log_error_errno(r, "cannot send in the name of the other side of its connection");
	r = bind_to_device(image, fd, false);
	if (r < 0)
		return r;
	r = send_segment(&sender, &to, &header);
	if (r < 0)
		return log_error_errno(r, "cannot send to its socket over loopback");
	return bind_to_device(image, fd, true);
}
