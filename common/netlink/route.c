/* SPDX-License-Identifier: MIT */
/* Asks the kernel for routes. */
#include "common/netlink/route.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

#include "common/cleanup.h"
#include "common/netlink/netlink_cleanup.h"

static int ask(struct nl_sock *socket, const struct inet_address *address)
{
	cleanup_(netlink_message_freep) struct nl_msg *message = nlmsg_alloc_simple(RTM_GETROUTE, 0);
	size_t size = inet_address_size(address->family);
	struct rtmsg question = {
		.rtm_family = (unsigned char)address->family,
		.rtm_dst_len = (unsigned char)(size * 8),
	};

	if (!message || nlmsg_append(message, &question, sizeof(question), NLMSG_ALIGNTO) < 0 ||
	    nla_put(message, RTA_DST, (int)size, address->bytes) < 0)
		return -ENOMEM;
	if (address->interface != 0 && nla_put_u32(message, RTA_OIF, address->interface) < 0)
		return -ENOMEM;
	return nl_send_auto(socket, message) < 0 ? -EIO : 0;
}

/* An error means that no way leads there. */
static int take_answer(struct nl_sock *socket)
{
	cleanup_free unsigned char *data = NULL;
	struct sockaddr_nl sender;
	const struct nlmsghdr *header;
	const struct rtmsg *route;
	int size = nl_recv(socket, &sender, &data, NULL);

	header = (const struct nlmsghdr *)data;
	if (size <= 0 || !nlmsg_ok(header, size))
		return -EIO;
	if (header->nlmsg_type == NLMSG_ERROR) {
		const struct nlmsgerr *error = nlmsg_data(header);

		return error->error == -EAFNOSUPPORT || error->error == -EOPNOTSUPP ? -EPROTONOSUPPORT : 0;
	}
	if (header->nlmsg_type != RTM_NEWROUTE || (size_t)nlmsg_datalen(header) < sizeof(*route))
		return -EIO;
	route = nlmsg_data(header);
	return route->rtm_type == RTN_LOCAL;
}

int route_is_local(const struct inet_address *address)
{
	cleanup_(netlink_socket_freep) struct nl_sock *socket = nl_socket_alloc();
	struct inet_address plain = inet_address_unmap(address);
	int r;

	if (!socket)
		return -ENOMEM;
	if (nl_connect(socket, NETLINK_ROUTE) < 0)
		return -EIO;
	r = ask(socket, &plain);
	return r < 0 ? r : take_answer(socket);
}
