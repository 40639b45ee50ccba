/* SPDX-License-Identifier: MIT */
/* TCP sockets, at restore. */
#include "restorer/fd/tcp.h"

#include <errno.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"

extern const struct fd_restorer tcp_fd_restorer;

static int tcp_read(struct restore *restore maybe_unused, struct object *object, const char **ret_reason)
{
	int r = tcp_check(tcp_image_of(object), ret_reason);
	struct tcp_object *state;

	if (r < 0)
		return r;
	state = calloc(1, sizeof(*state));
	if (!state)
		return -ENOMEM;
	state->fd = -EBADF;
	object->state = state;
	object->contents_size = tcp_contents_size(tcp_image_of(object));
	return 0;
}

static void tcp_object_done(struct object *object)
{
	struct tcp_object *state = object->state;

	if (!state)
		return;
	close_fd(&state->fd);
	free(state->unsent);
	free(state);
	object->state = NULL;
}

static bool is_ours(const struct object *object)
{
	return object->kind == &tcp_fd_restorer;
}

/* A connection that goes on after a restore, of which the other side knows. */
static bool is_live(const Cr__TcpSocket *image)
{
	return image->connection && image->state != TCP_CLOSE;
}

bool tcp_is_kept(const struct restore *restore, const struct object *object)
{
	const Cr__TcpSocket *image = tcp_image_of(object);

	return image->connection && !(is_live(image) && restore->options->has_tcp_close);
}

bool tcp_is_live(const struct restore *restore, const struct object *object)
{
	return is_ours(object) && is_live(tcp_image_of(object)) && tcp_is_kept(restore, object);
}

static bool is_lost(const struct restore *restore, const struct object *object)
{
	return tcp_image_of(object)->connection && !tcp_is_kept(restore, object);
}

static bool is_waiting_for_nobody(const struct object *object)
{
	const Cr__TcpSocket *image = tcp_image_of(object);
	const struct tcp_object *state = object->state;

	return image->connection && image->connection->is_waiting && !state->is_awaited;
}

static int tcp_preflight(struct restore *restore)
{
	cleanup_(inet_diag_done) struct inet_diag diag = {0};
	bool is_read = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < restore->objects_count; i++) {
		const struct object *object = &restore->objects[i];

		if (!is_ours(object))
			continue;
		if (is_waiting_for_nobody(object))
			return log_error_errno(-EBADMSG,
					       "bad archive: open file %u waits to be accepted by nobody",
					       object->image->id);
		if (is_lost(restore, object))
			continue;
		if (!is_read)
			r = inet_diag_read(&diag, IPPROTO_TCP);
		if (r < 0)
			return log_error_errno(r, "cannot ask about TCP sockets (sock_diag)");
		is_read = true;
		r = tcp_image_of(object)->connection ? tcp_connection_preflight(restore, object, &diag)
						     : tcp_listening_preflight(restore, object, &diag);
	}
	return r;
}

/* A port that is not to be shared (SO_REUSEADDR) is taken as long as a connection of before waits for its
 * end. So is a connection, as long as the kernel has what is left of it. */
static bool is_in_the_way(const Cr__TcpSocket *image, const struct inet_diag_socket *other)
{
	if (image->connection)
		return other->inode == 0 && tcp_is_same_connection(image->socket, other);
	return other->state == TCP_TIME_WAIT && inet_socket_overlaps(image->socket, other) &&
	       socket_options_get_int(image->socket->shared_options, SOL_SOCKET, SO_REUSEADDR, 0) == 0;
}

static int free_port(const Cr__TcpSocket *image, const struct inet_diag *diag)
{
	for (size_t i = 0; i < diag->sockets_count; i++) {
		int r = is_in_the_way(image, &diag->sockets[i]) ? inet_diag_destroy(&diag->sockets[i]) : 0;

		if (r < 0 && r != -ENOENT)
			return log_error_errno(r,
					       "cannot end a connection in TIME_WAIT: try again in a minute");
	}
	return 0;
}

static int tcp_prepare(struct restore *restore)
{
	cleanup_(inet_diag_done) struct inet_diag diag = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < restore->objects_count; i++) {
		if (!is_ours(&restore->objects[i]) || is_lost(restore, &restore->objects[i]))
			continue;
		if (!diag.sockets)
			r = inet_diag_read(&diag, IPPROTO_TCP);
		if (r < 0)
			return log_error_errno(r, "cannot ask about TCP sockets (sock_diag)");
		r = free_port(tcp_image_of(&restore->objects[i]), &diag);
	}
	return r < 0 ? r : tcp_lock_begin(restore);
}

static int tcp_open(struct restore *restore, const struct object *object, int *ret_fd)
{
	const Cr__InetSocket *image = tcp_image_of(object)->socket;
	cleanup_close int fd = -EBADF;
	char name[INET_DESCRIPTION_SIZE];
	int r;

	LOG_SCOPE("%s", inet_socket_describe(object, image, name));
	if (tcp_is_kept(restore, object))
		return tcp_connection_new(tcp_image_of(object), ret_fd);
	r = inet_socket_new(image, &socket_options_tcp, &fd);
	if (r == 0 && !is_lost(restore, object))
		r = inet_socket_bind(image, fd);
	/* What it was shut down for, before it listens; it would end that later. */
	if (r == 0 && tcp_image_of(object)->state == TCP_LISTEN)
		r = inet_socket_connect(image, fd);
	if (r < 0)
		return r;
	*ret_fd = take_fd(&fd);
	return 0;
}

static int tcp_fill(struct restore *restore, const struct object *object, int fd)
{
	const Cr__TcpSocket *image = tcp_image_of(object);
	char name[INET_DESCRIPTION_SIZE];

	if (image->state != TCP_LISTEN && !tcp_is_kept(restore, object))
		return 0;
	LOG_SCOPE("%s", inet_socket_describe(object, image->socket, name));
	if (image->state == TCP_LISTEN)
		return tcp_waiting_fill(restore, object);
	return tcp_connection_fill(restore, image, object->state, fd);
}

static int each_object(struct restore *restore,
		       int (*step)(struct restore *restore, const struct object *object, int fd))
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < restore->objects_count; i++) {
		struct object *object = &restore->objects[i];
		struct tcp_object *state = object->state;
		char name[INET_DESCRIPTION_SIZE];

		if (!is_ours(object))
			continue;
		LOG_SCOPE("%s", inet_socket_describe(object, tcp_image_of(object)->socket, name));
		if (state->fd < 0)
			r = object_take(restore, object, &state->fd);
		if (r == 0)
			r = step(restore, object, state->fd);
		if (r == 0 && !tcp_is_kept(restore, object))
			close_fd(&state->fd);
	}
	return r;
}

static int start_listening(struct restore *restore maybe_unused, const struct object *object, int fd)
{
	const Cr__TcpSocket *image = tcp_image_of(object);

	if (image->state == TCP_LISTEN && listen(fd, (int)image->backlog) < 0)
		return log_error_errno(-errno, "cannot let its socket listen");
	return 0;
}

static int set_options(struct restore *restore, const struct object *object, int fd)
{
	const Cr__TcpSocket *image = tcp_image_of(object);
	int r = inet_socket_set_options(image->socket, &socket_options_tcp, fd);

	if (r < 0 || tcp_is_kept(restore, object) || image->state == TCP_LISTEN)
		return r;
	if (!is_lost(restore, object))
		return inet_socket_connect(image->socket, fd);
	/* It has never been connected, but takes effect. */
	return shutdown(fd, SHUT_RDWR) < 0 && errno != ENOTCONN
		       ? log_error_errno(-errno, "cannot shut its socket down")
		       : 0;
}

static int close_in_part(struct restore *restore, const struct object *object, int fd)
{
	return tcp_is_kept(restore, object) ? tcp_connection_finish(tcp_image_of(object), fd) : 0;
}

/* All listen before SO_REUSEADDR of any is what it was: where some share a port, one may need it of another.
 */
static int tcp_finish(struct restore *restore)
{
	int r = each_object(restore, start_listening);

	if (r == 0)
		r = each_object(restore, set_options);
	if (r == 0)
		r = each_object(restore, tcp_waiting_connect);
	return r < 0 ? r : each_object(restore, close_in_part);
}

static int tcp_let_go(struct restore *restore)
{
	int r = tcp_lock_end(restore);

	for (size_t i = 0; r == 0 && i < restore->objects_count; i++) {
		struct object *object = &restore->objects[i];
		char name[INET_DESCRIPTION_SIZE];

		if (!is_ours(object) || !tcp_is_kept(restore, object))
			continue;
		LOG_SCOPE("%s", inet_socket_describe(object, tcp_image_of(object)->socket, name));
		r = tcp_connection_let_go(tcp_image_of(object), object->state);
	}
	return r;
}

const struct fd_restorer tcp_fd_restorer = {
	.name = "tcp",
	.read = tcp_read,
	.plan = tcp_waiting_plan,
	.preflight = tcp_preflight,
	.prepare = tcp_prepare,
	.open = tcp_open,
	.fill = tcp_fill,
	.finish = tcp_finish,
	.let_go = tcp_let_go,
	.done = tcp_object_done,
	.kind_done = tcp_lock_done,
};
