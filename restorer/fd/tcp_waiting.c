/* SPDX-License-Identifier: MIT */
/*
 * Connections that nobody had accepted yet. No call puts one into the queue of a socket that listens but to
 * connect to it; so that is done again, in the order in which the program is to accept them, and what had
 * come over it is sent again.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "restorer/fd/contents_reader.h"
#include "restorer/fd/tcp.h"

/* Over the loopback interface it takes no time, unless the kernel has much to do. */
#define ROUNDS 5000
#define PAUSE_NS 1000000

extern const struct fd_restorer tcp_fd_restorer;

int tcp_waiting_plan(struct restore *restore, struct object *listener)
{
	const Cr__TcpSocket *image = tcp_image_of(listener);

	for (size_t i = 0; i < image->n_waiting; i++) {
		const struct object *object =
			image->waiting[i] ? object_find(restore, image->waiting[i]) : NULL;
		bool is_tcp = object && object->kind == &tcp_fd_restorer;
		const Cr__TcpSocket *from = is_tcp ? tcp_image_of(object) : NULL;
		struct tcp_object *state = is_tcp ? object->state : NULL;

		if (image->waiting[i] == 0)
			continue;
		if (!from || !from->connection || !from->connection->is_waiting || state->is_awaited ||
		    from->socket->peer->port != image->socket->local->port)
			return log_error_errno(
				-EBADMSG,
				"bad archive: open file %u, a TCP socket, has not accepted open "
				"file %u, which has not connected to it",
				listener->image->id, image->waiting[i]);
		state->is_awaited = true;
	}
	return 0;
}

static int read_info(int fd, struct tcp_info *info)
{
	socklen_t size = sizeof(*info);

	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &size) < 0
		       ? log_error_errno(-errno, "cannot ask for the state of its socket")
		       : 0;
}

/* That it is connected, and COUNT connections wait to be accepted, tcp_get_info() in net/ipv4/tcp.c. */
static int await_connection(int fd, int listener_fd, uint32_t count)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};

	for (int round = 0; round < ROUNDS; round++) {
		struct tcp_info info = {0}, listener_info = {0};
		int r = read_info(fd, &info);

		if (r == 0)
			r = read_info(listener_fd, &listener_info);
		if (r < 0)
			return r;
		if (info.tcpi_state == TCP_ESTABLISHED && listener_info.tcpi_unacked >= count)
			return 0;
		if (info.tcpi_state == TCP_CLOSE)
			return -ECONNREFUSED;
		nanosleep(&pause, NULL);
	}
	return -ETIMEDOUT;
}

static int connect_again(const Cr__TcpSocket *image, const struct tcp_object *state, int listener_fd)
{
	struct tcp_info info = {0};
	int r = read_info(listener_fd, &info);

	if (r == 0)
		r = tcp_connection_begin(image, state->fd);
	if (r < 0)
		return r;
	r = await_connection(state->fd, listener_fd, info.tcpi_unacked + 1);
	if (r < 0)
		return log_error_errno(
			r, "its connection, which nobody has accepted yet, cannot be made again: is "
			   "the interface lo down, or a packet filter in the way?");
	r = tcp_connection_send_rest(image, state);
	if (r == 0 && image->socket->shutdown & INET_SHUTDOWN_RECEIVE && shutdown(state->fd, SHUT_RD) < 0)
		r = log_error_errno(-errno, "cannot shut its socket down");
	return r < 0 ? r : tcp_connection_set_reuse(image, state->fd);
}

static int connect_object(const struct object *object, int listener_fd)
{
	char name[INET_DESCRIPTION_SIZE];

	LOG_SCOPE("%s", inet_socket_describe(object, tcp_image_of(object)->socket, name));
	return connect_again(tcp_image_of(object), object->state, listener_fd);
}

/* By a socket that is closed then, as that was. BYTES: what it had sent. */
static int connect_gone(const Cr__TcpGone *gone, unsigned char *bytes, int listener_fd)
{
	Cr__TcpConnection connection = CR__TCP_CONNECTION__INIT;
	Cr__TcpSocket image = CR__TCP_SOCKET__INIT;
	cleanup_close int fd = -EBADF;
	int r;

	connection.is_waiting = connection.is_inside = true;
	connection.unsent_size = gone->size;
	image.socket = gone->socket;
	image.state = TCP_FIN_WAIT2;
	image.connection = &connection;
	r = tcp_connection_new(&image, &fd);
	return r < 0 ? r
		     : connect_again(&image, &(struct tcp_object){.fd = fd, .unsent = bytes}, listener_fd);
}

int tcp_waiting_fill(struct restore *restore, const struct object *listener)
{
	struct contents_reader contents = {.reader = restore->reader};
	struct tcp_object *state = listener->state;
	size_t size = (size_t)tcp_contents_size(tcp_image_of(listener));

	state->unsent = malloc(size + 1);
	if (!state->unsent)
		return log_error_errno(-ENOMEM, "cannot keep what has come over its connections");
	return contents_read(&contents, state->unsent, size);
}

static int connect_all(struct restore *restore, const struct object *listener, int fd)
{
	const struct tcp_object *state = listener->state;
	const Cr__TcpSocket *image = tcp_image_of(listener);
	unsigned char *bytes = state->unsent;
	size_t gone = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < image->n_waiting; i++) {
		const struct object *object =
			image->waiting[i] ? object_find(restore, image->waiting[i]) : NULL;

		if (object) {
			r = tcp_is_kept(restore, object) ? connect_object(object, fd) : 0;
			continue;
		}
		if (!restore->options->has_tcp_close)
			r = connect_gone(image->gone[gone], bytes, fd);
		bytes += image->gone[gone++]->size;
	}
	return r;
}

static int set_defer(int fd, int32_t value)
{
	return setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &value, sizeof(value)) < 0
		       ? log_error_errno(-errno, "cannot set TCP_DEFER_ACCEPT")
		       : 0;
}

static int set_backlog(int fd, size_t backlog)
{
	return listen(fd, (int)backlog) < 0 ? log_error_errno(-errno, "cannot let its socket listen") : 0;
}

/* The socket has its options, for who connects gets some of them from it. But some have come when it had a
 * larger backlog, or did not wait for data. */
int tcp_waiting_connect(struct restore *restore, const struct object *listener, int fd)
{
	const Cr__TcpSocket *image = tcp_image_of(listener);
	int32_t defer =
		socket_options_get_int(image->socket->protocol_options, IPPROTO_TCP, TCP_DEFER_ACCEPT, 0);
	int r;

	if (image->n_waiting == 0)
		return 0;
	r = set_defer(fd, 0);
	if (r == 0)
		r = set_backlog(fd, MAX((size_t)image->backlog, image->n_waiting));
	if (r == 0)
		r = connect_all(restore, listener, fd);
	if (r == 0)
		r = set_backlog(fd, image->backlog);
	return r < 0 ? r : set_defer(fd, defer);
}
