/* SPDX-License-Identifier: MIT */
/*
 * Raw sockets and those for ICMP echo requests, at restore.
 *
 * Such a socket takes packets as soon as it is there: a filter keeps all of them out until it is as it was.
 */
#include "format/fd/raw.h"

#include <errno.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "restorer/fd/inet_socket.h"
#include "restorer/fd/socket_options.h"

extern const struct fd_restorer raw_fd_restorer;

static const Cr__RawSocket *image_of(const struct object *object)
{
	return (const Cr__RawSocket *)object->entry;
}

static int raw_read(struct restore *restore maybe_unused, struct object *object, const char **ret_reason)
{
	return raw_check(image_of(object), ret_reason);
}

/* Whether such a socket may be made here; *RET_MAY is false if not, which has been reported then. */
static int check_permission(struct restore *restore, const Cr__InetSocket *image, const char *name,
			    bool *ret_may)
{
	cleanup_close int fd =
		socket((int)image->family, (int)image->type | SOCK_CLOEXEC, (int)image->protocol);

	*ret_may = fd >= 0;
	if (fd >= 0)
		return 0;
	if (errno == EPERM)
		blockers_add(&restore->blockers, "%s: run cr-restore with CAP_NET_RAW", name);
	else if (errno == EACCES)
		blockers_add(
			&restore->blockers,
			"%s: this group may not send echo requests here: let net.ipv4.ping_group_range have "
			"group %u",
			name, (unsigned)getegid());
	else if (errno == EAFNOSUPPORT || errno == EPROTONOSUPPORT || errno == ESOCKTNOSUPPORT)
		blockers_add(&restore->blockers, "%s: this kernel has no such sockets", name);
	else
		return log_error_errno(-errno, "cannot make a socket");
	return 0;
}

/* Of an echo socket the id is as a port. */
static int check_id(struct restore *restore, const Cr__InetSocket *image, const char *name)
{
	struct sockaddr_storage storage;
	struct inet_address own;
	cleanup_close int fd = -EBADF;
	const int off = 0;
	int r;

	if (!raw_is_ping(image) || !image->local || image->local->port == 0 ||
	    inet_image_to_address(image->local, &own) < 0)
		return 0;
	r = inet_socket_new(image, &socket_options_raw, &fd);
	if (r < 0)
		return r;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &off, sizeof(off)) < 0)
		return log_error_errno(-errno, "cannot set SO_REUSEADDR");
	if (bind(fd, (struct sockaddr *)&storage, inet_address_to_sockaddr(&own, &storage)) < 0 &&
	    errno == EADDRINUSE)
		blockers_add(&restore->blockers,
			     "%s: another program has the id %u for its echo requests: end it", name,
			     image->local->port);
	return 0;
}

static int preflight_object(struct restore *restore, struct object *object)
{
	const Cr__InetSocket *image = image_of(object)->socket;
	char name[INET_DESCRIPTION_SIZE];
	bool may_make;
	int r;

	inet_socket_describe(object, image, name);
	r = check_permission(restore, image, name, &may_make);
	if (r < 0 || !may_make)
		return r;
	r = inet_socket_preflight(restore, object, image, &socket_options_raw, NULL);
	return r < 0 || restore->blockers.texts_count > 0 ? r : check_id(restore, image, name);
}

static int raw_preflight(struct restore *restore)
{
	return objects_each(restore, &raw_fd_restorer, preflight_object);
}

static int raw_open(struct restore *restore maybe_unused, const struct object *object, int *ret_fd)
{
	const Cr__InetSocket *image = image_of(object)->socket;
	cleanup_close int fd = -EBADF;
	int r = inet_socket_new(image, &socket_options_raw, &fd);

	if (r == 0)
		r = socket_filter_deny(fd);
	if (r == 0)
		r = inet_socket_bind(image, fd);
	if (r < 0)
		return r;
	*ret_fd = take_fd(&fd);
	return 0;
}

static int finish_object(struct restore *restore, struct object *object)
{
	const Cr__InetSocket *image = image_of(object)->socket;
	char name[INET_DESCRIPTION_SIZE];
	cleanup_close int fd = -EBADF;
	int r = object_take(restore, object, &fd);

	LOG_SCOPE("%s", inet_socket_describe(object, image, name));
	if (r == 0)
		r = inet_socket_connect(image, fd);
	return r < 0 ? r : inet_socket_set_options(image, &socket_options_raw, fd);
}

static int raw_finish(struct restore *restore)
{
	return objects_each(restore, &raw_fd_restorer, finish_object);
}

const struct fd_restorer raw_fd_restorer = {
	.name = "raw",
	.read = raw_read,
	.preflight = raw_preflight,
	.open = raw_open,
	.finish = raw_finish,
};
