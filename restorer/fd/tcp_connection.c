/* SPDX-License-Identifier: MIT */
/*
 * Makes sockets that are connected, by TCP_REPAIR (tcp(7) does not tell; net/ipv4/tcp.c of Linux does): in
 * that mode connect(2) asks nobody, and what is written goes to a queue as if it had been sent, or received.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/tcp_port.h"
#include "restorer/fd/contents_reader.h"
#include "restorer/fd/tcp.h"
#include "restorer/fd/tcp_packet.h"

/* The kernel takes what is received in one piece of memory. */
#define PIECE_SIZE ((size_t)16 << 10)
#define ROOM (1 << 30)
/* Options on the wire, <net/tcp.h>. */
#define OPTION_SEGMENT 2
#define OPTION_SCALE 3
#define OPTION_SELECTIVE 4
#define OPTION_TIMESTAMP 8

/* TCP_MIN_MSS and MAX_TCP_WINDOW */
#define SEGMENT_LEAST 88
#define SEGMENT_SETTABLE 32767

#define STATE_ROUNDS 1000
#define STATE_PAUSE_NS 1000000

enum { NO_QUEUE, RECEIVE_QUEUE, SEND_QUEUE };

static int set_int(int fd, int number, const char *name, int value)
{
	return setsockopt(fd, IPPROTO_TCP, number, &value, sizeof(value)) < 0
		       ? log_error_errno(-errno, "cannot set %s", name)
		       : 0;
}

static int set_sequence(int fd, int queue, uint32_t sequence)
{
	int r = set_int(fd, TCP_REPAIR_QUEUE, "TCP_REPAIR_QUEUE", queue);

	return r < 0 ? r : set_int(fd, TCP_QUEUE_SEQ, "TCP_QUEUE_SEQ", (int)sequence);
}

/* What both sides agreed on when they connected. */
static int set_agreements(const Cr__TcpConnection *connection, int fd)
{
	struct tcp_repair_opt options[4];
	size_t count = 0;

	if (connection->has_selective_acknowledgements)
		options[count++] = (struct tcp_repair_opt){OPTION_SELECTIVE, 0};
	if (connection->has_window_scale)
		options[count++] = (struct tcp_repair_opt){
			OPTION_SCALE, connection->send_scale | connection->receive_scale << 16};
	if (connection->has_timestamps)
		options[count++] = (struct tcp_repair_opt){OPTION_TIMESTAMP, 0};
	if (connection->segment_maximum > 0)
		options[count++] = (struct tcp_repair_opt){OPTION_SEGMENT, connection->segment_maximum};
	if (count > 0 && setsockopt(fd, IPPROTO_TCP, TCP_REPAIR_OPTIONS, options,
				    (socklen_t)(count * sizeof(options[0]))) < 0)
		return log_error_errno(-errno, "cannot set TCP_REPAIR_OPTIONS");
	return connection->has_timestamps
		       ? set_int(fd, TCP_TIMESTAMP, "TCP_TIMESTAMP", (int)connection->timestamp)
		       : 0;
}

static int leave_repair(int fd, int how)
{
	int r = set_int(fd, TCP_REPAIR_QUEUE, "TCP_REPAIR_QUEUE", NO_QUEUE);

	return r < 0 ? r : set_int(fd, TCP_REPAIR, "TCP_REPAIR", how);
}

int tcp_connection_begin(const Cr__TcpSocket *image, int fd)
{
	struct sockaddr_storage storage;
	struct inet_address peer;
	int r = leave_repair(fd, 0), flags;

	if (r == 0)
		r = inet_image_to_address(image->socket->peer, &peer);
	if (r < 0)
		return r;
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return log_error_errno(-errno, "cannot set O_NONBLOCK");
	if (connect(fd, (struct sockaddr *)&storage, inet_address_to_sockaddr(&peer, &storage)) < 0 &&
	    errno != EINPROGRESS)
		return log_error_errno(-errno, "cannot go on connecting");
	return fcntl(fd, F_SETFL, flags) < 0 ? log_error_errno(-errno, "cannot set its flags") : 0;
}

static int set_port_options(int fd, int32_t range, int32_t is_left)
{
	return setsockopt(fd, IPPROTO_IP, CR_IP_LOCAL_PORT_RANGE, &range, sizeof(range)) < 0 ||
			       setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &is_left,
					  sizeof(is_left)) < 0
		       ? log_error_errno(-errno, "cannot set IP_LOCAL_PORT_RANGE")
		       : 0;
}

static int32_t option_of(const Cr__TcpSocket *image, int number)
{
	return socket_options_get_int(image->socket->ip_options, IPPROTO_IP, number, 0);
}

/* The address alone is bound, and there is one port to choose. A port that is bound is for nobody else to
 * connect from. */
static int leave_port_to_connect(const Cr__TcpSocket *image, int fd)
{
	Cr__InetAddress local = *image->socket->local;
	Cr__InetSocket socket = *image->socket;
	int r = set_port_options(fd, (int32_t)TCP_PORT_RANGE_OF(local.port), 1);

	local.port = 0;
	socket.local = &local;
	return r < 0 ? r : inet_socket_bind(&socket, fd);
}

/* When the socket that it connects to is there. */
static bool connects_later(const Cr__TcpSocket *image)
{
	return image->state == TCP_SYN_SENT || image->connection->is_waiting;
}

/*
 * connect(2) takes what segments can be from TCP_MAXSEG, and never again from what was agreed on. It may be
 * set to less than that can be (65495 over loopback).
 */
static int connect_with_segments(const Cr__TcpSocket *image, int fd)
{
	uint32_t size = MIN(image->connection->segment_maximum, (uint32_t)SEGMENT_SETTABLE);
	int r = size < SEGMENT_LEAST ? 0 : set_int(fd, TCP_MAXSEG, "TCP_MAXSEG", (int)size);
	Cr__InetSocket whole = *image->socket;

	whole.shutdown = 0;
	if (r == 0)
		r = inet_socket_connect(&whole, fd);
	return r < 0 ? r : set_int(fd, TCP_MAXSEG, "TCP_MAXSEG", 0);
}

static int connect_silently(const Cr__TcpSocket *image, int fd)
{
	const Cr__TcpConnection *connection = image->connection;
	int r = set_sequence(fd, SEND_QUEUE, connection->send_sequence - connection->is_waiting);

	if (r < 0 || connects_later(image))
		return r;
	r = set_sequence(fd, RECEIVE_QUEUE, connection->receive_sequence);
	if (r == 0)
		r = connect_with_segments(image, fd);
	return r < 0 ? r : set_agreements(connection, fd);
}

int tcp_connection_new(const Cr__TcpSocket *image, int *ret_fd)
{
	cleanup_close int fd = -EBADF;
	bool is_chosen = image->connection->is_port_shared && !connects_later(image);
	int r = inet_socket_new(image->socket, &socket_options_tcp, &fd);

	if (r == 0)
		r = set_int(fd, TCP_REPAIR, "TCP_REPAIR", 1);
	/* Nobody else may have the port by now. */
	if (r == 0 && is_chosen && tcp_port_try(image->socket->local->port, &is_chosen) < 0)
		is_chosen = false;
	/* In this mode the port may be shared with any other. */
	if (r == 0)
		r = is_chosen ? leave_port_to_connect(image, fd) : inet_socket_bind(image->socket, fd);
	if (r == 0)
		r = connect_silently(image, fd);
	if (r == 0 && is_chosen)
		r = set_port_options(fd, option_of(image, CR_IP_LOCAL_PORT_RANGE),
				     option_of(image, IP_BIND_ADDRESS_NO_PORT));
	if (r < 0)
		return r;
	*ret_fd = take_fd(&fd);
	return 0;
}

static int make_room(int fd, int option)
{
	const int room = ROOM;

	return setsockopt(fd, SOL_SOCKET, option, &room, sizeof(room)) < 0
		       ? log_error_errno(-errno, "cannot make room in its socket")
		       : 0;
}

/* Into the queue that was chosen. Smaller pieces are tried if the kernel cannot have memory for larger ones.
 */
static int write_queue(int fd, const unsigned char *data, size_t size)
{
	size_t piece = PIECE_SIZE;

	while (size > 0) {
		ssize_t sent = send(fd, data, MIN(piece, size), MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent < 0 && errno == ENOMEM && piece > 1) {
			piece /= 2;
			continue;
		}
		if (sent <= 0)
			return log_error_errno(sent < 0 ? -errno : -EIO, "cannot fill its queues");
		data += sent;
		size -= (size_t)sent;
	}
	return 0;
}

static int fill_queue(struct contents_reader *contents, int fd, int queue, size_t size)
{
	unsigned char piece[PIECE_SIZE];
	int r = set_int(fd, TCP_REPAIR_QUEUE, "TCP_REPAIR_QUEUE", queue);

	while (r == 0 && size > 0) {
		size_t count = MIN(size, sizeof(piece));

		r = contents_read(contents, piece, count);
		if (r == 0)
			r = write_queue(fd, piece, count);
		size -= count;
	}
	return r;
}

int tcp_connection_fill(struct restore *restore, const Cr__TcpSocket *image, struct tcp_object *state, int fd)
{
	const Cr__TcpConnection *connection = image->connection;
	struct contents_reader contents = {.reader = restore->reader};
	int r = make_room(fd, SO_RCVBUFFORCE);

	if (r == 0)
		r = make_room(fd, SO_SNDBUFFORCE);
	if (r == 0)
		r = fill_queue(&contents, fd, RECEIVE_QUEUE, connection->receive_size);
	if (r == 0)
		r = fill_queue(&contents, fd, SEND_QUEUE, connection->sent_size);
	if (r < 0 || connection->unsent_size == 0)
		return r;
	state->unsent = malloc(connection->unsent_size);
	if (!state->unsent)
		return log_error_errno(-ENOMEM, "cannot keep what it has not sent");
	return contents_read(&contents, state->unsent, connection->unsent_size);
}

static int set_window(int fd, const struct tcp_repair_window *window)
{
	return setsockopt(fd, IPPROTO_TCP, TCP_REPAIR_WINDOW, window, sizeof(*window)) < 0
		       ? log_error_errno(-errno, "cannot set TCP_REPAIR_WINDOW")
		       : 0;
}

/* The end of the stream has a number; where it could not be received, it was not told of either. */
static int set_window_as_it_was(const Cr__TcpConnection *connection, int fd)
{
	const Cr__TcpWindow *window = connection->window;
	uint32_t received = 0;
	socklen_t size = sizeof(received);
	int r;

	if (!window)
		return 0;
	r = set_int(fd, TCP_REPAIR_QUEUE, "TCP_REPAIR_QUEUE", RECEIVE_QUEUE);
	if (r < 0)
		return r;
	if (getsockopt(fd, IPPROTO_TCP, TCP_QUEUE_SEQ, &received, &size) < 0)
		return log_error_errno(-errno, "cannot ask for TCP_QUEUE_SEQ");
	return set_window(fd, &(struct tcp_repair_window){
				      .snd_wl1 = window->send_update,
				      .snd_wnd = window->send,
				      .max_window = window->send_maximum,
				      .rcv_wnd = window->receive,
				      .rcv_wup = (int32_t)(window->receive_update - received) > 0
							 ? received
							 : window->receive_update,
			      });
}

/* A packet is taken up at once unless the kernel has much to do. 1: it is not; a filter is in the way. */
static int await_state(int fd, uint32_t state)
{
	const struct timespec pause = {.tv_nsec = STATE_PAUSE_NS};
	struct tcp_info info = {0};
	socklen_t size = sizeof(info);

	for (int round = 0; round < STATE_ROUNDS; round++) {
		if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0)
			return log_error_errno(-errno, "cannot ask for the state of its socket");
		if (info.tcpi_state == state)
			return 0;
		nanosleep(&pause, NULL);
	}
	return 1;
}

/* Behind what has come. */
static uint32_t received_until(const Cr__TcpConnection *connection)
{
	return connection->receive_sequence + connection->receive_size;
}

/*
 * The other side has ended its stream. Where a packet filter lets nobody say so, the program sees that end
 * all the same, and the kernel takes the connection for one that is shut down at this side.
 */
static int receive_end(const Cr__TcpSocket *image, int fd, uint32_t next_state)
{
	int r = tcp_packet_send(image, fd, TCP_PACKET_END, received_until(image->connection),
				image->connection->send_sequence);

	if (r == 0)
		r = await_state(fd, next_state);
	if (r <= 0)
		return r;
	log_notice("a packet filter of this host keeps the end of its connection from it; it is shut down "
		   "for reading instead");
	return shutdown(fd, SHUT_RD) < 0 ? log_error_errno(-errno, "cannot shut its socket down") : 0;
}

static int send_end(int fd)
{
	return shutdown(fd, SHUT_WR) < 0 ? log_error_errno(-errno, "cannot shut its socket down") : 0;
}

/* In another way, after which the socket has another error. */
static int abort_connection(const Cr__TcpSocket *image, int fd)
{
	struct inet_diag_socket socket = {0};
	int r = image->connection->error != 0 ? -EHOSTUNREACH : 0;

	if (r == 0)
		r = tcp_packet_own_address(fd, &socket.local);
	if (r == 0)
		r = inet_image_to_address(image->socket->peer, &socket.peer);
	if (r == 0)
		r = inet_diag_destroy(&socket);
	return r < 0 ? log_error_errno(
			       r, "cannot close its socket: is the interface lo down, or a packet filter "
				  "in the way?")
		     : 0;
}

/* Unread data stays readable. */
static int reset(const Cr__TcpSocket *image, int fd)
{
	const Cr__TcpConnection *connection = image->connection;
	uint32_t next = received_until(connection);
	socklen_t size = sizeof(int);
	int error = 0, r = 0;

	/* That one came over a socket that was half closed. */
	if (connection->error == EPIPE) {
		r = receive_end(image, fd, TCP_CLOSE_WAIT);
		next++;
	}
	if (r == 0)
		r = tcp_packet_send(image, fd, TCP_PACKET_RESET, next, connection->send_sequence);
	if (r == 0)
		r = await_state(fd, TCP_CLOSE);
	if (r > 0)
		r = abort_connection(image, fd);
	if (r < 0 || connection->error != 0)
		return r;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0
		       ? log_error_errno(-errno, "cannot ask for its error")
		       : 0;
}

/* What the other side has not confirmed here, it will when it is asked again. */
static int confirm_end(const Cr__TcpSocket *image, int fd)
{
	int r = tcp_packet_send(image, fd, 0, received_until(image->connection),
				image->connection->send_sequence + 1);

	if (r == 0)
		r = await_state(fd, TCP_FIN_WAIT2);
	return MIN(r, 0);
}

/* Both sides may have ended the stream, in either order. */
static int close_halves(const Cr__TcpSocket *image, int fd)
{
	bool is_sent_later = image->connection->unsent_size > 0;
	int r;

	switch (image->state) {
	case TCP_CLOSE_WAIT:
		return receive_end(image, fd, TCP_CLOSE_WAIT);
	case TCP_LAST_ACK:
		r = receive_end(image, fd, TCP_CLOSE_WAIT);
		return r < 0 || is_sent_later ? r : send_end(fd);
	case TCP_FIN_WAIT1:
		return is_sent_later ? 0 : send_end(fd);
	case TCP_CLOSING:
		r = is_sent_later ? 0 : send_end(fd);
		return r < 0 || is_sent_later ? r : receive_end(image, fd, TCP_CLOSING);
	case TCP_FIN_WAIT2:
		r = send_end(fd);
		return r < 0 ? r : confirm_end(image, fd);
	default:
		return 0;
	}
}

bool tcp_needs_packets(const Cr__TcpSocket *image)
{
	return image->connection && !image->connection->is_waiting && image->state != TCP_ESTABLISHED &&
	       image->state != TCP_SYN_SENT && image->state != TCP_FIN_WAIT1;
}

int tcp_connection_finish(const Cr__TcpSocket *image, int fd)
{
	const Cr__TcpConnection *connection = image->connection;
	int r;

	if (image->state == TCP_SYN_SENT || connection->is_waiting)
		return 0;
	/* For what comes now. */
	r = set_window(fd, &(struct tcp_repair_window){
				   .snd_wl1 = received_until(connection),
				   .snd_wnd = UINT16_MAX,
				   .max_window = UINT16_MAX,
				   .rcv_wnd = UINT16_MAX,
				   .rcv_wup = received_until(connection),
			   });
	/* What is written now goes to the queue, and is not sent. */
	if (r == 0)
		r = set_int(fd, TCP_REPAIR_QUEUE, "TCP_REPAIR_QUEUE", SEND_QUEUE);
	if (r < 0)
		return r;
	if (image->state == TCP_CLOSE)
		return reset(image, fd);
	r = close_halves(image, fd);
	/* The program wants nothing more, but the other side does not know. */
	if (r == 0 && image->socket->shutdown & INET_SHUTDOWN_RECEIVE &&
	    !tcp_has_received_end(image->state) && shutdown(fd, SHUT_RD) < 0)
		r = log_error_errno(-errno, "cannot shut its socket down");
	return r < 0 ? r : set_window_as_it_was(connection, fd);
}

int tcp_connection_set_reuse(const Cr__TcpSocket *image, int fd)
{
	int value = socket_options_get_int(image->socket->shared_options, SOL_SOCKET, SO_REUSEADDR, 0);

	return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &value, sizeof(value)) < 0
		       ? log_error_errno(-errno, "cannot set SO_REUSEADDR")
		       : 0;
}

/* In more room than the socket has: how much memory bytes take in its queue is not the same each time. */
static int write_unsent(int fd, const unsigned char *data, size_t size)
{
	int32_t room = 0, locks = 0;
	socklen_t length = sizeof(room);
	int r;

	if (getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, &length) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_BUF_LOCK, &locks, &length) < 0)
		return log_error_errno(-errno, "cannot ask for SO_SNDBUF");
	r = make_room(fd, SO_SNDBUFFORCE);
	if (r == 0)
		r = write_queue(fd, data, size);
	if (r < 0)
		return r;
	room /= 2;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_BUF_LOCK, &locks, sizeof(locks)) < 0)
		return log_error_errno(-errno, "cannot set SO_SNDBUF");
	return 0;
}

int tcp_connection_send_rest(const Cr__TcpSocket *image, const struct tcp_object *state)
{
	int r;

	if (image->connection->unsent_size == 0)
		return image->connection->is_waiting && tcp_has_sent_end(image->state) ? send_end(state->fd)
										       : 0;
	r = write_unsent(state->fd, state->unsent, image->connection->unsent_size);
	if (r == 0 && tcp_has_sent_end(image->state))
		r = send_end(state->fd);
	if (r == 0 && image->state == TCP_CLOSING)
		r = receive_end(image, state->fd, TCP_CLOSING);
	return r;
}

int tcp_connection_let_go(const Cr__TcpSocket *image, const struct tcp_object *state)
{
	int r;

	/* It has been let go to connect. */
	if (image->connection->is_waiting)
		return 0;
	if (image->state == TCP_SYN_SENT) {
		r = tcp_connection_begin(image, state->fd);
	} else if (image->state != TCP_CLOSE) {
		r = leave_repair(state->fd, 0);
		if (r == 0)
			r = tcp_connection_send_rest(image, state);
	} else {
		r = leave_repair(state->fd, -1);
	}
	return r < 0 ? r : tcp_connection_set_reuse(image, state->fd);
}
