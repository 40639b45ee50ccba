/* SPDX-License-Identifier: MIT */
/* What a valid datagram socket is. */
#include "format/fd/udp.h"

#include <errno.h>
#include <netinet/in.h>

static int refuse(const char *reason, const char **ret_reason)
{
	*ret_reason = reason;
	return -EBADMSG;
}

int udp_check(const Cr__UdpSocket *socket, const char **ret_reason)
{
	const Cr__InetSocket *inet = socket->socket;

	if (!inet)
		return refuse("it has no socket", ret_reason);
	if (inet->type != SOCK_DGRAM || (inet->protocol != IPPROTO_UDP && inet->protocol != IPPROTO_UDPLITE))
		return refuse("it is no UDP socket", ret_reason);
	if (socket->contents_size > UDP_CONTENTS_SIZE_MAX)
		return refuse("more waits in it than can be", ret_reason);
	if (socket->contents_size > 0 && (!inet->local || inet->local->port == 0))
		return refuse("something waits in it, but it has no port", ret_reason);
	if (socket->is_refused && (!inet->local || !inet->peer || socket->contents_size > 0))
		return refuse("it was refused, but is not connected, or something waits in it", ret_reason);
	return inet_socket_check(inet, &socket_options_udp, ret_reason);
}

int udp_datagram_check(const Cr__UdpSocket *socket, const Cr__UdpDatagram *datagram, const char **ret_reason)
{
	struct inet_address sender;
	int r;

	if (!datagram->sender)
		return refuse("a datagram has no sender", ret_reason);
	r = inet_image_check(datagram->sender, (int)socket->socket->family, ret_reason);
	if (r < 0)
		return r;
	sender = inet_image_address(datagram->sender);
	if (inet_address_is_any(&sender) || inet_address_is_multicast(&sender))
		return refuse("a datagram has a sender that none can have", ret_reason);
	if (datagram->size > UDP_DATAGRAM_SIZE_MAX)
		return refuse("a datagram is too large", ret_reason);
	if (datagram->segment_size > datagram->size ||
	    (datagram->segment_size == 0 && datagram->size > UDP_DATAGRAM_SIZE_MAX - 8))
		return refuse("a datagram has segments of a wrong size", ret_reason);
	if (datagram->destination.len != 0 && datagram->destination.len != inet_address_size(AF_INET) &&
	    datagram->destination.len != inet_address_size(AF_INET6))
		return refuse("a datagram has a destination of the wrong size", ret_reason);
	if (datagram->hop_limit > UINT8_MAX || datagram->traffic_class > UINT8_MAX)
		return refuse("a datagram has a header that none can have", ret_reason);
	return 0;
}
