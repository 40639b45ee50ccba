/* SPDX-License-Identifier: MIT */
/* Vsock sockets, at restore. */
#include "format/fd/vsock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/vm_sockets.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "restorer/fd/socket_base.h"

extern const struct fd_restorer vsock_fd_restorer;

#define DESCRIPTION_SIZE 96

static const Cr__VsockSocket *image_of(const struct object *object)
{
	return (const Cr__VsockSocket *)object->entry;
}

/* Returns BUFFER. */
static const char *describe(const struct object *object, char buffer[DESCRIPTION_SIZE])
{
	snprintf(buffer, DESCRIPTION_SIZE, "vsock socket of port %u (open file %u)", image_of(object)->port,
		 object->image->id);
	return buffer;
}

static int vsock_read(struct restore *restore maybe_unused, struct object *object, const char **ret_reason)
{
	return vsock_check(image_of(object), ret_reason);
}

static int bind_to(const Cr__VsockSocket *image, int fd)
{
	const struct sockaddr_vm address = {
		.svm_family = AF_VSOCK,
		.svm_cid = image->address,
		.svm_port = image->port,
	};

	return bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
}

/* It is tried: nobody tells who has a port. */
static void preflight_object(struct restore *restore, const struct object *object)
{
	const Cr__VsockSocket *image = image_of(object);
	cleanup_close int fd = socket(AF_VSOCK, (int)image->socket->type | SOCK_CLOEXEC, 0);
	char name[DESCRIPTION_SIZE];
	int r;

	describe(object, name);
	socket_base_preflight(restore, image->socket, &socket_options_vsock, name);
	r = fd < 0 ? -errno : image->is_bound ? bind_to(image, fd) : 0;
	if (r == -EADDRINUSE)
		blockers_add(&restore->blockers, "%s: another program has that port: end it", name);
	else if (r < 0)
		blockers_add(&restore->blockers, "%s cannot be made here: %s", name, strerror(-r));
}

static int vsock_preflight(struct restore *restore)
{
	for (size_t i = 0; i < restore->objects_count; i++)
		if (restore->objects[i].kind == &vsock_fd_restorer)
			preflight_object(restore, &restore->objects[i]);
	return 0;
}

static int vsock_open(struct restore *restore maybe_unused, const struct object *object, int *ret_fd)
{
	const Cr__VsockSocket *image = image_of(object);
	cleanup_close int fd = -EBADF;
	int r = socket_base_new(image->socket, AF_VSOCK, &socket_options_vsock, &fd);

	if (r < 0)
		return r;
	r = image->is_bound ? bind_to(image, fd) : 0;
	if (r < 0)
		return log_error_errno(r, "cannot bind its vsock socket to port %u", image->port);
	*ret_fd = take_fd(&fd);
	return 0;
}

/* How many may wait is not told: as many as possible. */
static int finish_object(struct restore *restore, struct object *object)
{
	const Cr__VsockSocket *image = image_of(object);
	cleanup_close int fd = -EBADF;
	char name[DESCRIPTION_SIZE];
	int r = object_take(restore, object, &fd);

	LOG_SCOPE("%s", describe(object, name));
	if (r == 0)
		r = socket_base_set_options(image->socket, &socket_options_vsock, fd);
	if (r == 0 && image->is_listening && listen(fd, SOMAXCONN) < 0)
		return log_error_errno(-errno, "cannot have its socket listen");
	return r;
}

static int vsock_finish(struct restore *restore)
{
	return objects_each(restore, &vsock_fd_restorer, finish_object);
}

const struct fd_restorer vsock_fd_restorer = {
	.name = "vsock",
	.read = vsock_read,
	.preflight = vsock_preflight,
	.open = vsock_open,
	.finish = vsock_finish,
};
