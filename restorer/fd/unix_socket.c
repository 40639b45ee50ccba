/* SPDX-License-Identifier: MIT */
/* Unix sockets. */
#include "restorer/fd/unix_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/vector.h"

static int restorer_new(struct restore *restore)
{
	struct unix_restorer *restorer = calloc(1, sizeof(*restorer));

	restore->fd_kind_states[FD_KIND_unix_socket] = restorer;
	return restorer ? 0 : -ENOMEM;
}

static int unix_socket_read(struct restore *restore, struct object *object, const char **ret_reason)
{
	const Cr__UnixSocket *image = (const Cr__UnixSocket *)object->entry;
	struct unix_object *unix_object, **slot;
	int r = unix_socket_check(image, ret_reason);

	if (r == 0 && !unix_restorer_of(restore))
		r = restorer_new(restore);
	if (r < 0)
		return r;
	unix_object = calloc(1, sizeof(*unix_object));
	if (!unix_object)
		return -ENOMEM;
	*unix_object = (struct unix_object){
		.id = object->image->id,
		.image = image,
		.fd = -EBADF,
		.file_fd = -EBADF,
		.partner_fd = -EBADF,
		.partner_file_fd = -EBADF,
	};
	object->state = unix_object;
	object->contents_size = unix_socket_contents_size(image);
	slot = vector_append(unix_restorer_of(restore), objects);
	if (!slot)
		return -ENOMEM;
	*slot = unix_object;
	return 0;
}

struct unix_object *unix_object_find(struct restore *restore, uint32_t id)
{
	const struct object *object = object_find(restore, id);

	return object && object->kind == &unix_socket_fd_restorer ? object->state : NULL;
}

const char *unix_object_describe(const struct unix_object *unix_object, char *buffer, size_t size)
{
	const Cr__UnixSocket *image = unix_object->image;
	char name[UNIX_NAME_SIZE_MAX * 4 + 16];

	if (image->name.len > 0)
		snprintf(buffer, size, "unix %s socket '%s' (open file %u)", unix_type_name(image->type),
			 unix_name_format(image->name.data, image->name.len, name, sizeof(name)),
			 unix_object->id);
	else
		snprintf(buffer, size, "unix %s socket (open file %u)", unix_type_name(image->type),
			 unix_object->id);
	return buffer;
}

size_t unix_descriptors_count(const struct unix_restorer *restorer)
{
	size_t count = restorer->objects_count * 2 + UNIX_OTHER_DESCRIPTORS;

	for (size_t i = 0; i < restorer->objects_count; i++)
		count += restorer->objects[i]->image->n_clients;
	return count;
}

void unix_object_let_go(struct unix_object *unix_object)
{
	for (size_t i = 0; unix_object->gone_fds && i < unix_object->image->n_waiting_ids; i++)
		close_fd(&unix_object->gone_fds[i]);
	free(unix_object->gone_fds);
	unix_object->gone_fds = NULL;
}

/* They cannot be planned one by one: the first plans all. */
static int unix_socket_plan(struct restore *restore, struct object *object)
{
	return object->state == unix_restorer_of(restore)->objects[0] ? unix_plan(restore) : 0;
}

static int unix_socket_open(struct restore *restore maybe_unused, const struct object *object, int *ret_fd)
{
	const struct unix_object *unix_object = object->state;
	int fd = fcntl(unix_object->fd, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return log_error_errno(-errno, "cannot take a unix socket");
	*ret_fd = fd;
	return 0;
}

static int unix_socket_take_file(struct restore *restore maybe_unused, const struct object *object,
				 int *ret_fd)
{
	const struct unix_object *unix_object = object->state;
	int fd = unix_object->file_fd < 0 ? -1 : fcntl(unix_object->file_fd, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return log_error_errno(unix_object->file_fd < 0 ? -ENOENT : -errno,
				       "cannot take the file of a unix socket");
	*ret_fd = fd;
	return 0;
}

static int unix_socket_fill(struct restore *restore, const struct object *object, int our_fd maybe_unused)
{
	return unix_fill(restore, object->state);
}

static void unix_socket_done(struct object *object)
{
	struct unix_object *unix_object = object->state;
	char number[16];

	if (!unix_object)
		return;
	/* It has not come to its place. */
	snprintf(number, sizeof(number), "%u", unix_object->id);
	if (unix_object->jail)
		(void)unlinkat(unix_object->jail->fd, number, 0);
	close_fd(&unix_object->fd);
	close_fd(&unix_object->file_fd);
	close_fd(&unix_object->partner_fd);
	close_fd(&unix_object->partner_file_fd);
	unix_object_let_go(unix_object);
	free(unix_object);
	object->state = NULL;
}

static void unix_socket_kind_done(struct restore *restore)
{
	struct unix_restorer *restorer = unix_restorer_of(restore);

	if (!restorer)
		return;
	unix_jails_done(restorer);
	for (size_t i = 0; i < restorer->helpers_count; i++)
		close_fd(&restorer->helpers[i].fd);
	free(restorer->helpers);
	free(restorer->objects);
	free(restorer);
	restore->fd_kind_states[FD_KIND_unix_socket] = NULL;
}

const struct fd_restorer unix_socket_fd_restorer = {
	.name = "unix_socket",
	.read = unix_socket_read,
	.plan = unix_socket_plan,
	.preflight = unix_preflight,
	.prepare = unix_make,
	.open = unix_socket_open,
	.take_file = unix_socket_take_file,
	.fill = unix_socket_fill,
	.finish = unix_finish,
	.done = unix_socket_done,
	.kind_done = unix_socket_kind_done,
};
