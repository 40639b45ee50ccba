/* SPDX-License-Identifier: MIT */
/* What a valid stream socket is. */
#include "format/fd/tcp.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

static int refuse(const char *reason, const char **ret_reason)
{
	*ret_reason = reason;
	return -EBADMSG;
}

int tcp_check(const Cr__TcpSocket *socket, const char **ret_reason)
{
	const Cr__InetSocket *inet = socket->socket;

	if (!inet)
		return refuse("it has no socket", ret_reason);
	if (inet->type != SOCK_STREAM || inet->protocol != IPPROTO_TCP)
		return refuse("it is no TCP socket", ret_reason);
	if (socket->state != TCP_CLOSE && socket->state != TCP_LISTEN)
		return refuse("it is in an unknown state", ret_reason);
	if (inet->peer)
		return refuse("it is connected, and in a state in which it cannot be", ret_reason);
	if (socket->state == TCP_LISTEN && (!inet->local || inet->local->port == 0))
		return refuse("it listens, but has no port", ret_reason);
	if (socket->backlog > INT_MAX)
		return refuse("its backlog is not valid", ret_reason);
	if (inet->n_memberships > 0)
		return refuse("it is a member of groups", ret_reason);
	return inet_socket_check(inet, &socket_options_tcp, ret_reason);
}
