/* SPDX-License-Identifier: MIT */
/* What a valid netlink socket is. */
#include "format/fd/netlink.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include "format/fd/inet_option_specs.h"
#include "format/fd/socket_base.h"

#define NETLINK_LATE(number) INET_OPTION(SOL_NETLINK, number, #number, SOCKET_OPTION_LATE, 0)

static const struct socket_option_spec netlink_specs[] = {
	NETLINK_LATE(NETLINK_PKTINFO),
	NETLINK_LATE(NETLINK_BROADCAST_ERROR),
	NETLINK_LATE(NETLINK_NO_ENOBUFS),
	INET_PRIVILEGED(SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, "NETLINK_LISTEN_ALL_NSID", SOCKET_OPTION_LATE,
			CAP_NET_BROADCAST),
	NETLINK_LATE(NETLINK_CAP_ACK),
	NETLINK_LATE(NETLINK_EXT_ACK),
	NETLINK_LATE(NETLINK_GET_STRICT_CHK),
};

const struct socket_option_table socket_options_netlink = {netlink_specs, ARRAY_SIZE(netlink_specs)};

static int refuse(const char *reason, const char **ret_reason)
{
	*ret_reason = reason;
	return -EBADMSG;
}

static int check_groups(const Cr__NetlinkSocket *socket, const char **ret_reason)
{
	uint32_t last = 0;

	for (size_t i = 0; i < socket->n_groups; i++) {
		if (socket->groups[i] <= last || socket->groups[i] > NETLINK_GROUP_MAX)
			return refuse("it has groups that are not valid", ret_reason);
		last = socket->groups[i];
	}
	return 0;
}

int netlink_check(const Cr__NetlinkSocket *socket, const char **ret_reason)
{
	int r = socket_base_check(socket->socket, &socket_options_netlink, ret_reason);

	if (r < 0)
		return r;
	if (socket->socket->type != SOCK_RAW && socket->socket->type != SOCK_DGRAM)
		return refuse("it is no netlink socket", ret_reason);
	if (socket->socket->protocol >= MAX_LINKS)
		return refuse("its protocol is none", ret_reason);
	if (socket->is_connected && socket->port == 0)
		return refuse("it is connected, but has no port of its own", ret_reason);
	if (!socket->is_connected && (socket->peer_port != 0 || socket->peer_groups != 0))
		return refuse("it has a peer, but is not connected", ret_reason);
	return check_groups(socket, ret_reason);
}
