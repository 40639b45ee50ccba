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

static bool is_error(uint32_t error)
{
	static const int known[] = {0, ECONNRESET, EPIPE};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (error == (uint32_t)known[i])
			return true;
	return false;
}

static int check_window(const Cr__TcpWindow *window, uint32_t received, const char **ret_reason)
{
	if (window->send_maximum < window->send)
		return refuse("its window is greater than its greatest", ret_reason);
	if ((int32_t)(window->send_update - (received + window->receive)) > 0 ||
	    (int32_t)(window->receive_update - received) > 0)
		return refuse("its window is not where its sequence numbers are", ret_reason);
	return 0;
}

/* Whoever connects to a socket that nobody has accepted yet has received nothing. */
static int check_waiting(const Cr__TcpSocket *socket, const char **ret_reason)
{
	const Cr__TcpConnection *connection = socket->connection;

	if (socket->state != TCP_ESTABLISHED && socket->state != TCP_FIN_WAIT1 &&
	    socket->state != TCP_FIN_WAIT2)
		return refuse("it waits to be accepted, in a state in which it cannot", ret_reason);
	if (!connection->is_inside || connection->receive_size > 0 || connection->sent_size > 0 ||
	    connection->error != 0 || connection->window)
		return refuse("it waits to be accepted, but has been", ret_reason);
	return 0;
}

static int check_connection(const Cr__TcpSocket *socket, const char **ret_reason)
{
	const Cr__TcpConnection *connection = socket->connection;
	bool is_sending =
		socket->state != TCP_CLOSE && socket->state != TCP_FIN_WAIT2 && socket->state != TCP_SYN_SENT;

	if (!socket->socket->local || socket->socket->local->port == 0 || !socket->socket->peer ||
	    socket->socket->peer->port == 0)
		return refuse("it is connected, but not from one port to another", ret_reason);
	if (connection->receive_size > TCP_QUEUE_SIZE_MAX || connection->sent_size > TCP_QUEUE_SIZE_MAX ||
	    connection->unsent_size > TCP_QUEUE_SIZE_MAX)
		return refuse("more waits in it than can", ret_reason);
	if (connection->is_waiting)
		return check_waiting(socket, ret_reason);
	if (!is_sending && (connection->sent_size > 0 || connection->unsent_size > 0))
		return refuse("it has something to send, in a state in which it cannot", ret_reason);
	if (socket->state == TCP_SYN_SENT && connection->receive_size > 0)
		return refuse("it has received something before it was connected", ret_reason);
	if (connection->send_scale > TCP_WINDOW_SCALE_MAX || connection->receive_scale > TCP_WINDOW_SCALE_MAX)
		return refuse("its window scale is not valid", ret_reason);
	if (connection->segment_maximum > UINT16_MAX)
		return refuse("its segment size is not valid", ret_reason);
	if (!is_error(connection->error) || (connection->error != 0 && socket->state != TCP_CLOSE))
		return refuse("it has an error that it cannot have", ret_reason);
	if (!connection->window)
		return 0;
	return check_window(connection->window,
			    connection->receive_sequence + connection->receive_size +
				    tcp_has_received_end(socket->state),
			    ret_reason);
}

bool tcp_has_received_end(uint32_t state)
{
	return state == TCP_CLOSE_WAIT || state == TCP_LAST_ACK || state == TCP_CLOSING;
}

bool tcp_has_sent_end(uint32_t state)
{
	return state == TCP_FIN_WAIT1 || state == TCP_FIN_WAIT2 || state == TCP_LAST_ACK ||
	       state == TCP_CLOSING;
}

static bool is_known(uint32_t state)
{
	return state == TCP_ESTABLISHED || state == TCP_SYN_SENT || state == TCP_CLOSE ||
	       state == TCP_CLOSE_WAIT || state == TCP_LISTEN || tcp_has_sent_end(state);
}

uint64_t tcp_contents_size(const Cr__TcpSocket *socket)
{
	const Cr__TcpConnection *connection = socket->connection;
	uint64_t size = 0;

	if (connection)
		return (uint64_t)connection->receive_size + connection->sent_size + connection->unsent_size;
	for (size_t i = 0; i < socket->n_gone; i++)
		size += socket->gone[i]->size;
	return size;
}

static int check_gone(const Cr__TcpGone *gone, const char **ret_reason)
{
	const Cr__InetSocket *inet = gone->socket;

	if (!inet || inet->type != SOCK_STREAM || inet->protocol != IPPROTO_TCP || !inet->local ||
	    inet->local->port == 0 || !inet->peer || inet->peer->port == 0 || inet->n_memberships > 0)
		return refuse("what had connected to it is no TCP socket with two ports", ret_reason);
	if (gone->size > TCP_QUEUE_SIZE_MAX)
		return refuse("more has come over a connection than can", ret_reason);
	return inet_socket_check(inet, &socket_options_tcp, ret_reason);
}

/* A listening one has connections that nobody has accepted. */
static int check_waiting_list(const Cr__TcpSocket *socket, const char **ret_reason)
{
	size_t gone = 0;
	int r = 0;

	if (socket->n_waiting > (socket->state == TCP_LISTEN ? TCP_WAITING_MAX : 0))
		return refuse("more wait to be accepted than can", ret_reason);
	for (size_t i = 0; i < socket->n_waiting; i++)
		gone += socket->waiting[i] == 0;
	if (gone != socket->n_gone)
		return refuse("not as many have connected to it and are gone as wait to be accepted",
			      ret_reason);
	for (size_t i = 0; r == 0 && i < socket->n_gone; i++)
		r = check_gone(socket->gone[i], ret_reason);
	return r;
}

int tcp_check(const Cr__TcpSocket *socket, const char **ret_reason)
{
	const Cr__InetSocket *inet = socket->socket;
	int r;

	if (!inet)
		return refuse("it has no socket", ret_reason);
	if (inet->type != SOCK_STREAM || inet->protocol != IPPROTO_TCP)
		return refuse("it is no TCP socket", ret_reason);
	if (!is_known(socket->state))
		return refuse("it is in an unknown state", ret_reason);
	if (socket->state == TCP_LISTEN ? socket->connection != NULL
					: socket->state != TCP_CLOSE && !socket->connection)
		return refuse("it is connected, and in a state in which it cannot be", ret_reason);
	if (inet->peer && !socket->connection)
		return refuse("it is connected, and in a state in which it cannot be", ret_reason);
	if (socket->state == TCP_LISTEN && (!inet->local || inet->local->port == 0))
		return refuse("it listens, but has no port", ret_reason);
	r = check_waiting_list(socket, ret_reason);
	if (r < 0)
		return r;
	if (socket->backlog > INT_MAX)
		return refuse("its backlog is not valid", ret_reason);
	if (inet->n_memberships > 0)
		return refuse("it is a member of groups", ret_reason);
	r = inet_socket_check(inet, &socket_options_tcp, ret_reason);
	return r < 0 || !socket->connection ? r : check_connection(socket, ret_reason);
}
