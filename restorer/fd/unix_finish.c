/* SPDX-License-Identifier: MIT */
/* What is done with unix sockets when their queues are full: connections, options, places. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "restorer/fd/socket_options.h"
#include "restorer/fd/unix_socket.h"

static int connect_to(int fd, const struct unix_address *address)
{
	struct sockaddr_un where;
	socklen_t size = unix_address_fill(address, &where);

	return connect(fd, (struct sockaddr *)&where, size) < 0 ? -errno : 0;
}

static int connect_external(const struct unix_object *unix_object)
{
	const Cr__UnixSocket *image = unix_object->image;
	struct unix_address address = {&image->peer_name, -EBADF};
	char text[UNIX_NAME_SIZE_MAX * 4 + 16];
	cleanup_close int file_fd = -EBADF;
	int r;

	if (unix_name_is_path(&image->peer_name)) {
		file_fd = open(image->peer_path, O_PATH | O_CLOEXEC);
		if (file_fd < 0)
			return log_error_errno(-errno, "cannot find the external socket '%s'",
					       image->peer_path);
		address.file_fd = file_fd;
	}
	r = connect_to(unix_object->fd, &address);
	if (r < 0)
		return log_error_errno(r, "cannot connect to the external socket '%s'",
				       file_fd >= 0
					       ? image->peer_path
					       : unix_name_format(image->peer_name.data, image->peer_name.len,
								  text, sizeof(text)));
	return 0;
}

/* Datagram sockets that were not made together. */
static bool is_to_be_connected(const struct unix_object *unix_object)
{
	return unix_object->image->type == SOCK_DGRAM &&
	       (unix_object->origin == UNIX_ORIGIN_SOCKET || unix_object_has_turned(unix_object));
}

/* The queue is full, and from now on takes of the peer only. */
static int connect_datagram(struct unix_object *unix_object)
{
	const Cr__UnixSocket *image = unix_object->image;
	struct unix_address address = {&image->peer_name, unix_object->partner_file_fd};
	int r = 0;

	unix_object->is_connected = true;
	if (image->peer == CR__UNIX_PEER__UNIX_PEER_EXTERNAL)
		return connect_external(unix_object);
	if (unix_object->peer) {
		address = unix_object_address(unix_object->peer);
		r = connect_to(unix_object->fd, &address);
	} else if (unix_object->origin == UNIX_ORIGIN_SOCKET && unix_object->partner_fd >= 0) {
		r = connect_to(unix_object->fd, &address);
	}
	return r < 0 ? log_error_errno(r, "cannot connect a unix socket") : 0;
}

/* The one that OBJECT would keep from being connected to others, once it is connected to it. */
static struct unix_object *find_rival(const struct unix_object *unix_object)
{
	struct unix_object *peer = is_to_be_connected(unix_object) ? unix_object->peer : NULL;

	return peer && peer != unix_object && peer->peer != unix_object ? peer : NULL;
}

/*
 * One that is connected takes no connection but that of its peer. So those that are connected to it come
 * first.
 */
static int connect_datagrams(struct unix_restorer *restorer)
{
	int r = 0;

	for (size_t i = 0; i < restorer->objects_count; i++) {
		struct unix_object *rival = find_rival(restorer->objects[i]);

		if (rival)
			rival->rivals++;
	}
	for (size_t i = 0; r == 0 && i < restorer->objects_count; i++) {
		struct unix_object *next = restorer->objects[i];

		while (r == 0 && next && next->rivals == 0 && is_to_be_connected(next) &&
		       !next->is_connected) {
			char what[UNIX_DESCRIPTION_SIZE];

			LOG_SCOPE("%s", unix_object_describe(next, what, sizeof(what)));
			r = connect_datagram(next);
			next = find_rival(next);
			if (next)
				next->rivals--;
		}
	}
	return r;
}

int unix_object_make_error(const struct unix_object *unix_object)
{
	const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
	const Cr__UnixSocket *image = unix_object->image;

	if (!image->has_error)
		return 0;
	if (send(unix_object->fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL) != 1 ||
	    (image->type == SOCK_DGRAM && connect(unix_object->partner_fd, &nobody, sizeof(sa_family_t)) < 0))
		return log_error_errno(-errno, "cannot make the error of a unix socket");
	return 0;
}

/* The end that was closed is closed now: with something unread, or, of datagrams, not without a word before.
 */
static int close_partner(struct unix_object *unix_object)
{
	int r;

	if (unix_object->partner_fd < 0)
		return 0;
	r = unix_object_has_turned(unix_object) ? 0 : unix_object_make_error(unix_object);
	if (r < 0)
		return r;
	close_fd(&unix_object->partner_fd);
	close_fd(&unix_object->partner_file_fd);
	return 0;
}

/* Its own inode, fchmod(2) and fchown(2) of a socket; what it already is need not be allowed. */
static int set_inode(const struct unix_object *unix_object)
{
	const Cr__UnixSocket *image = unix_object->image;
	struct stat st;

	if (fstat(unix_object->fd, &st) < 0)
		return log_error_errno(-errno, "cannot look at a unix socket");
	if ((st.st_uid != image->uid || st.st_gid != image->gid) &&
	    fchown(unix_object->fd, image->uid, image->gid) < 0)
		return log_error_errno(-errno, "cannot give a unix socket to user %u, group %u", image->uid,
				       image->gid);
	if ((st.st_mode & 07777) != image->mode && fchmod(unix_object->fd, image->mode) < 0)
		return log_error_errno(-errno, "cannot set the mode of a unix socket");
	return 0;
}

static int set_state(struct unix_object *unix_object)
{
	static const int hows[] = {0, SHUT_RD, SHUT_WR, SHUT_RDWR};
	const Cr__UnixSocket *image = unix_object->image;
	int r = socket_options_apply_early(unix_object->fd, &socket_options_shared, image->options);

	if (r == 0)
		r = socket_options_apply_late(unix_object->fd, &socket_options_shared, image->options);
	if (r == 0)
		r = set_inode(unix_object);
	if (r < 0)
		return r;
	if (image->shutdown != 0 && shutdown(unix_object->fd, hows[image->shutdown]) < 0)
		return log_error_errno(-errno, "cannot shut down a unix socket");
	return 0;
}

static int publish(struct unix_object *unix_object)
{
	return unix_object->jail ? unix_publish(unix_object) : 0;
}

/* Each step with all before the next: what one is connected to must not be closed or shut down yet. */
int unix_finish(struct restore *restore)
{
	static int (*const steps[])(struct unix_object *) = {close_partner, set_state, publish};
	struct unix_restorer *restorer = unix_restorer_of(restore);
	int r = 0;

	if (!restorer)
		return 0;
	for (size_t i = 0; r == 0 && i < restorer->objects_count; i++)
		r = unix_fill_empty(restore, restorer->objects[i]);
	if (r == 0)
		r = connect_datagrams(restorer);
	for (size_t step = 0; step < ARRAY_SIZE(steps); step++) {
		for (size_t i = 0; r == 0 && i < restorer->objects_count; i++) {
			char what[UNIX_DESCRIPTION_SIZE];

			LOG_SCOPE("%s", unix_object_describe(restorer->objects[i], what, sizeof(what)));
			r = steps[step](restorer->objects[i]);
		}
	}
	unix_jails_done(restorer);
	return r;
}
