/* SPDX-License-Identifier: MIT */
/* TCP sockets, at restore. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "format/fd/tcp.h"
#include "restorer/fd/inet_socket.h"

extern const struct fd_restorer tcp_fd_restorer;

static const Cr__TcpSocket *image_of(const struct object *object)
{
	return (const Cr__TcpSocket *)object->entry;
}

static int tcp_read(struct restore *restore maybe_unused, struct object *object, const char **ret_reason)
{
	return tcp_check(image_of(object), ret_reason);
}

static bool is_ours(const struct object *object)
{
	return object->kind == &tcp_fd_restorer;
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
		if (!is_read)
			r = inet_diag_read(&diag, IPPROTO_TCP);
		if (r < 0)
			return log_error_errno(r, "cannot ask about TCP sockets (sock_diag)");
		is_read = true;
		r = inet_socket_preflight(restore, object, image_of(object)->socket, &socket_options_tcp,
					  &diag);
	}
	return r;
}

/* A port that is not to be shared (SO_REUSEADDR) is taken as long as a connection of before waits for its
 * end. */
static bool is_in_the_way(const Cr__InetSocket *image, const struct inet_diag_socket *other)
{
	return other->state == TCP_TIME_WAIT && inet_socket_overlaps(image, other) &&
	       socket_options_get_int(image->shared_options, SOL_SOCKET, SO_REUSEADDR, 0) == 0;
}

static int free_port(const Cr__InetSocket *image, const struct inet_diag *diag)
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
		if (!is_ours(&restore->objects[i]))
			continue;
		if (!diag.sockets)
			r = inet_diag_read(&diag, IPPROTO_TCP);
		if (r < 0)
			return log_error_errno(r, "cannot ask about TCP sockets (sock_diag)");
		r = free_port(image_of(&restore->objects[i])->socket, &diag);
	}
	return r;
}

static int tcp_open(struct restore *restore maybe_unused, const struct object *object, int *ret_fd)
{
	const Cr__InetSocket *image = image_of(object)->socket;
	cleanup_close int fd = -EBADF;
	int r = inet_socket_new(image, &socket_options_tcp, &fd);

	if (r == 0)
		r = inet_socket_bind(image, fd);
	if (r < 0)
		return r;
	*ret_fd = take_fd(&fd);
	return 0;
}

static int each_object(struct restore *restore, int (*step)(const Cr__TcpSocket *image, int fd))
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < restore->objects_count; i++) {
		struct object *object = &restore->objects[i];
		char name[INET_DESCRIPTION_SIZE];
		cleanup_close int fd = -EBADF;

		if (!is_ours(object))
			continue;
		LOG_SCOPE("%s", inet_socket_describe(object, image_of(object)->socket, name));
		r = object_take(restore, object, &fd);
		if (r == 0)
			r = step(image_of(object), fd);
	}
	return r;
}

static int start_listening(const Cr__TcpSocket *image, int fd)
{
	if (image->state == TCP_LISTEN && listen(fd, (int)image->backlog) < 0)
		return log_error_errno(-errno, "cannot let its socket listen");
	return 0;
}

static int set_options(const Cr__TcpSocket *image, int fd)
{
	int r = inet_socket_set_options(image->socket, &socket_options_tcp, fd);

	return r < 0 ? r : inet_socket_connect(image->socket, fd);
}

/* All listen before SO_REUSEADDR of any is what it was: where some share a port, one may need it of another.
 */
static int tcp_finish(struct restore *restore)
{
	int r = each_object(restore, start_listening);

	return r < 0 ? r : each_object(restore, set_options);
}

const struct fd_restorer tcp_fd_restorer = {
	.name = "tcp",
	.read = tcp_read,
	.preflight = tcp_preflight,
	.prepare = tcp_prepare,
	.open = tcp_open,
	.finish = tcp_finish,
};
