/* SPDX-License-Identifier: MIT */
/* Frees what libnl gives. */
#pragma once

#include <netlink/msg.h>
#include <netlink/socket.h>

static inline void netlink_socket_freep(struct nl_sock **socket)
{
	if (*socket)
		nl_socket_free(*socket);
}

static inline void netlink_message_freep(struct nl_msg **message)
{
	if (*message)
		nlmsg_free(*message);
}
