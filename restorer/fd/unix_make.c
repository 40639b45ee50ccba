/* SPDX-License-Identifier: MIT */
/* Makes all unix sockets of an archive, before the first is given to a task. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "restorer/fd/socket_options.h"
#include "restorer/fd/unix_socket.h"
#include "restorer/plan.h"

/* Connections to one listening socket that are made before they are accepted; any backlog has room for so
 * many. */
#define CONNECTIONS_AT_ONCE 16
#define NONCE_SIZE 16

/* One connection to be made by way of a listening socket. */
struct connection {
	int client_fd;
	const Cr__UnixCredentials *client; /* whom the accepted end is to see; NULL: nobody looks */
	const Cr__UnixCredentials *server; /* whom the client is to see */
	int *accepted_fd;                  /* where the result belongs */
};

/* By way of which; its own state in the end is somebody else's affair. */
struct listening {
	struct restore *restore;
	int fd;
	struct unix_address address;
	const Cr__UnixCredentials *listener; /* who made it listen last */
	bool is_listening;
	struct connection connections[CONNECTIONS_AT_ONCE];
	size_t count;
};

static int new_socket(uint32_t type, int *ret_fd)
{
	int fd = socket(AF_UNIX, (int)type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return log_error_errno(-errno, "cannot make a unix socket");
	*ret_fd = fd;
	return 0;
}

static bool is_closed(const struct unix_object *unix_object)
{
	return unix_object->image->peer == CR__UNIX_PEER__UNIX_PEER_CLOSED;
}

static int make_pairs(struct restore *restore)
{
	struct unix_restorer *restorer = unix_restorer_of(restore);
	cleanup_free struct unix_operation *operations = calloc(restorer->objects_count, sizeof(*operations));
	size_t count = 0;
	int r;

	if (!operations)
		return log_error_errno(-ENOMEM, "cannot make unix sockets");
	for (size_t i = 0; i < restorer->objects_count; i++) {
		const struct unix_object *unix_object = restorer->objects[i];

		if (unix_object->origin != UNIX_ORIGIN_PAIR ||
		    (unix_object->partner && unix_object->partner < unix_object))
			continue;
		operations[count++] = (struct unix_operation){
			.act = UNIX_ACT_PAIR,
			.credentials = unix_object->image->peer_credentials,
			.type = unix_object->image->type,
			.ret_fds = {-EBADF, -EBADF},
		};
	}
	r = unix_operations_run(restore, operations, count);
	count = 0;
	for (size_t i = 0; i < restorer->objects_count; i++) {
		struct unix_object *unix_object = restorer->objects[i];

		if (unix_object->origin != UNIX_ORIGIN_PAIR ||
		    (unix_object->partner && unix_object->partner < unix_object))
			continue;
		unix_object->fd = operations[count].ret_fds[0];
		*(unix_object->partner ? &unix_object->partner->fd : &unix_object->partner_fd) =
			operations[count].ret_fds[1];
		count++;
	}
	return r;
}

static int make_sockets(struct restore *restore)
{
	struct unix_restorer *restorer = unix_restorer_of(restore);
	int r = 0;

	for (size_t i = 0; r == 0 && i < restorer->objects_count; i++) {
		struct unix_object *unix_object = restorer->objects[i];
		bool is_datagram = unix_object->image->type == SOCK_DGRAM;

		if (unix_object->origin == UNIX_ORIGIN_SOCKET || unix_object->origin == UNIX_ORIGIN_CLIENT)
			r = new_socket(unix_object->image->type, &unix_object->fd);
		/* What was closed must have had a name to be connected to, or to have been accepted from. */
		if (r == 0 && is_closed(unix_object) &&
		    (unix_object->origin == UNIX_ORIGIN_ACCEPTED ||
		     (is_datagram && (unix_object->origin == UNIX_ORIGIN_SOCKET || unix_object->partner))))
			r = new_socket(unix_object->image->type, &unix_object->partner_fd);
	}
	return r;
}

/*
 * Who has found an abstract name may come in between: what was accepted must be the other end of the client,
 * which shows when something that nobody else knows goes through.
 */
static int is_other_end(int client_fd, int accepted_fd)
{
	unsigned char sent[NONCE_SIZE], received[NONCE_SIZE + 1];

	if (getrandom(sent, sizeof(sent), 0) != sizeof(sent) ||
	    send(client_fd, sent, sizeof(sent), MSG_DONTWAIT | MSG_NOSIGNAL) != sizeof(sent))
		return -EIO;
	return recv(accepted_fd, received, sizeof(received), MSG_DONTWAIT) == sizeof(sent) &&
	       memcmp(sent, received, sizeof(sent)) == 0;
}

static int accept_one(const struct listening *listening, const struct connection *connection)
{
	for (;;) {
		cleanup_close int fd = accept4(listening->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		int r = fd < 0 ? -errno : 1;

		if (r > 0 && listening->address.file_fd < 0)
			r = is_other_end(connection->client_fd, fd);
		if (r < 0)
			return log_error_errno(r, "cannot accept a connection of a unix socket");
		if (r == 0)
			continue;
		*connection->accepted_fd = take_fd(&fd);
		return 0;
	}
}

/* Makes the connections that have been gathered. */
static int flush(struct listening *listening)
{
	struct unix_operation operations[2 * CONNECTIONS_AT_ONCE];
	size_t count = 0;
	int r;

	for (size_t i = 0; i < listening->count; i++) {
		const struct connection *connection = &listening->connections[i];

		if (!listening->is_listening || listening->listener != connection->server) {
			operations[count++] = (struct unix_operation){
				.act = UNIX_ACT_LISTEN,
				.credentials = connection->server,
				.fd = listening->fd,
				.backlog = INT_MAX,
			};
			listening->is_listening = true;
			listening->listener = connection->server;
		}
		operations[count++] = (struct unix_operation){
			.act = UNIX_ACT_CONNECT,
			.credentials = connection->client,
			.fd = connection->client_fd,
			.address = listening->address,
		};
	}
	r = unix_operations_run(listening->restore, operations, count);
	for (size_t i = 0; r == 0 && i < listening->count; i++)
		if (listening->connections[i].accepted_fd)
			r = accept_one(listening, &listening->connections[i]);
	listening->count = 0;
	return r;
}

static int add_connection(struct listening *listening, const struct connection *connection)
{
	listening->connections[listening->count++] = *connection;
	return listening->count == CONNECTIONS_AT_ONCE ? flush(listening) : 0;
}

/* The connection of one end, unless it comes with the other one. */
static int connect_object(struct listening *listening, struct unix_object *unix_object)
{
	struct unix_object *partner = unix_object->partner;

	if (unix_object->origin == UNIX_ORIGIN_CLIENT)
		return add_connection(
			listening, &(struct connection){
					   .client_fd = unix_object->fd,
					   .client = partner ? partner->image->peer_credentials : NULL,
					   .server = unix_object->image->peer_credentials,
					   .accepted_fd = partner ? &partner->fd : &unix_object->partner_fd,
				   });
	if (partner)
		return 0;
	return add_connection(listening, &(struct connection){
						 .client_fd = unix_object->partner_fd,
						 .client = unix_object->image->peer_credentials,
						 .accepted_fd = &unix_object->fd,
					 });
}

static bool is_connected_by_listener(const struct unix_object *unix_object)
{
	return unix_object->origin == UNIX_ORIGIN_CLIENT || unix_object->origin == UNIX_ORIGIN_ACCEPTED;
}

/* The name that a connection is made by: that of its accepted end. */
static const ProtobufCBinaryData *server_name(const struct unix_object *unix_object)
{
	if (unix_object->origin == UNIX_ORIGIN_ACCEPTED)
		return &unix_object->image->name;
	return unix_object->partner ? &unix_object->partner->image->name : &unix_object->image->peer_name;
}

static int bind_helper(struct restore *restore, int fd, const ProtobufCBinaryData *name, int *ret_file_fd)
{
	struct unix_binding binding = {.fd = fd, .name = name, .file_fd = -EBADF};
	int r;

	if (unix_name_is_abstract(name))
		return unix_bind_abstract(fd, name);
	r = unix_bind_paths(restore, &binding, 1);
	*ret_file_fd = binding.file_fd;
	return r;
}

static bool is_same_name(const ProtobufCBinaryData *left, const ProtobufCBinaryData *right)
{
	return left->len == right->len && memcmp(left->data, right->data, left->len) == 0;
}

/* All connections, from FIRST on, that were accepted by the same socket, which was closed since. */
static int connect_by_helper(struct restore *restore, size_t first)
{
	struct unix_restorer *restorer = unix_restorer_of(restore);
	const struct unix_object *example = restorer->objects[first];
	cleanup_close int fd = -EBADF, file_fd = -EBADF;
	struct listening listening = {.restore = restore};
	int r;

	r = new_socket(example->image->type, &fd);
	if (r == 0)
		r = bind_helper(restore, fd, server_name(example), &file_fd);
	listening.fd = fd;
	listening.address = (struct unix_address){server_name(example), file_fd};
	for (size_t i = first; r == 0 && i < restorer->objects_count; i++) {
		struct unix_object *unix_object = restorer->objects[i];

		if (!is_connected_by_listener(unix_object) || unix_object->listener ||
		    unix_object->is_connected || unix_object->image->type != example->image->type ||
		    !is_same_name(server_name(unix_object), server_name(example)))
			continue;
		unix_object->is_connected = true;
		r = connect_object(&listening, unix_object);
	}
	return r < 0 ? r : flush(&listening);
}

static int connect_by_helpers(struct restore *restore)
{
	struct unix_restorer *restorer = unix_restorer_of(restore);
	int r = 0;

	for (size_t i = 0; r == 0 && i < restorer->objects_count; i++) {
		const struct unix_object *unix_object = restorer->objects[i];

		if (is_connected_by_listener(unix_object) && !unix_object->listener &&
		    !unix_object->is_connected)
			r = connect_by_helper(restore, i);
	}
	return r;
}

/* The error of a datagram socket, if it waits to be told: it comes when the other end turns away from this
 * byte. */
static int tell_partner(const struct unix_object *partner)
{
	if (partner && partner->image->has_error &&
	    send(partner->fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL) != 1)
		return log_error_errno(-errno, "cannot make the error of a unix socket");
	return 0;
}

/*
 * The names of ends that were closed, which others are still connected to. What has nothing to send any more
 * can go at once, so that its name is free for who has it now.
 */
static int name_closed(struct restore *restore, struct unix_object *unix_object)
{
	struct unix_address address = {&unix_object->image->peer_name, -EBADF};
	bool is_datagram = unix_object->image->type == SOCK_DGRAM, is_for_now;
	cleanup_close int file_fd = -EBADF;
	struct sockaddr_un where;
	int r;

	/* A stream's name comes with the connection, if it was accepted. */
	if (unix_object->partner_fd < 0 || !is_closed(unix_object) || address.name->len == 0 ||
	    unix_object->origin == UNIX_ORIGIN_CLIENT)
		return 0;
	r = bind_helper(restore, unix_object->partner_fd, address.name, &file_fd);
	if (r < 0)
		return r;
	address.file_fd = file_fd;
	/* What others have sent comes before the connection, which lets no others send. */
	is_for_now = is_datagram && (unix_object->partner || (unix_object->origin == UNIX_ORIGIN_SOCKET &&
							      unix_object->image->n_messages == 0));
	if (is_for_now)
		r = tell_partner(unix_object->partner);
	if (r < 0)
		return r;
	if (is_for_now &&
	    connect(unix_object->fd, (struct sockaddr *)&where, unix_address_fill(&address, &where)) < 0)
		return log_error_errno(-errno, "cannot connect a unix socket");
	if (unix_object->image->n_messages == 0 && !unix_object->image->has_error)
		close_fd(&unix_object->partner_fd);
	else
		unix_object->partner_file_fd = take_fd(&file_fd);
	return 0;
}

static int bind_objects(struct restore *restore)
{
	struct unix_restorer *restorer = unix_restorer_of(restore);
	cleanup_free struct unix_binding *bindings = calloc(restorer->objects_count, sizeof(*bindings));
	size_t count = 0;
	int r = 0;

	if (!bindings)
		return log_error_errno(-ENOMEM, "cannot bind unix sockets");
	for (size_t i = 0; r == 0 && i < restorer->objects_count; i++) {
		struct unix_object *unix_object = restorer->objects[i];
		const Cr__UnixSocket *image = unix_object->image;

		if (image->name.len == 0 || image->is_accepted)
			continue;
		if (unix_name_is_abstract(&image->name))
			r = unix_bind_abstract(unix_object->fd, &image->name);
		else
			bindings[count++] = (struct unix_binding){
				.fd = unix_object->fd,
				.name = &image->name,
				.place = image->file ? image->file->path : NULL,
				.number = unix_object->id,
				.file_fd = -EBADF,
			};
	}
	if (r == 0)
		r = unix_bind_paths(restore, bindings, count);
	count = 0;
	for (size_t i = 0; i < restorer->objects_count; i++) {
		struct unix_object *unix_object = restorer->objects[i];

		if (!unix_name_is_path(&unix_object->image->name) || unix_object->image->is_accepted)
			continue;
		unix_object->file_fd = bindings[count].file_fd;
		unix_object->jail = bindings[count].jail;
		count++;
	}
	return r;
}

/* As whom a process of the tree that has it in its hands would connect; by what it is when it is restored. */
static int holder_credentials(struct restore *restore, const struct unix_object *unix_object,
			      Cr__UnixCredentials *ret_credentials)
{
	const struct task *holder = &restore->tasks[0];
	const Cr__Credentials *credentials;
	bool is_found = false;

	for (size_t i = 0; !is_found && i < restore->tasks_count; i++) {
		const Cr__DescriptorTable *table = restore->tasks[i].descriptors;

		for (size_t k = 0; !is_found && table && k < table->n_descriptors; k++) {
			is_found = table->descriptors[k]->open_file_id == unix_object->id;
			if (is_found)
				holder = &restore->tasks[i];
		}
	}
	credentials = holder->image->threads[0]->credentials;
	if (!credentials || credentials->n_uids < 2 || credentials->n_gids < 2)
		return log_error_errno(-EBADMSG, "process %d has no credentials", holder->image->pid);
	cr__unix_credentials__init(ret_credentials);
	ret_credentials->pid = holder->image->pid;
	ret_credentials->uid = credentials->uids[1];
	ret_credentials->gid = credentials->gids[1];
	ret_credentials->n_groups = credentials->n_groups;
	ret_credentials->groups = credentials->groups;
	return 0;
}

/* A socket for a client that has gone again: it goes when it has sent what that had sent. */
static int make_gone(struct restore *restore, struct unix_object *listener, size_t position, int *ret_fd)
{
	const Cr__UnixSocket *image = listener->image;
	const ProtobufCBinaryData *name = image->n_clients > 0 ? &image->clients[position]->name : NULL;
	cleanup_close int fd = -EBADF, file_fd = -EBADF;
	int r = new_socket(image->type, &fd);

	if (r == 0 && !listener->gone_fds) {
		listener->gone_fds = malloc(image->n_waiting_ids * sizeof(listener->gone_fds[0]));
		if (!listener->gone_fds)
			return log_error_errno(-ENOMEM, "cannot make a unix socket");
		for (size_t i = 0; i < image->n_waiting_ids; i++)
			listener->gone_fds[i] = -EBADF;
	}
	if (r == 0 && name && name->len > 0)
		r = bind_helper(restore, fd, name, &file_fd);
	if (r < 0)
		return r;
	*ret_fd = listener->gone_fds[position] = take_fd(&fd);
	return 0;
}

/* One that waits to be accepted. Where it was not told who it was taken for, it is for who has it. */
static int connect_waiting(struct listening *listening, struct unix_object *listener, size_t position)
{
	const Cr__UnixSocket *image = listener->image;
	uint32_t id = image->waiting_ids[position];
	struct unix_object *client = id ? unix_object_find(listening->restore, id) : NULL;
	int fd = client ? client->fd : -EBADF, r = 0;
	Cr__UnixCredentials credentials;

	if (image->n_clients > 0 && image->clients[position]->credentials)
		credentials = *image->clients[position]->credentials;
	else
		r = holder_credentials(listening->restore, client ? client : listener, &credentials);
	if (r == 0 && !client)
		r = make_gone(listening->restore, listener, position, &fd);
	if (r == 0)
		r = add_connection(listening, &(struct connection){
						      .client_fd = fd,
						      .client = &credentials,
						      .server = client ? client->image->peer_credentials
								       : listening->listener,
					      });
	/* Its credentials live no longer. */
	if (r == 0)
		r = flush(listening);
	if (r == 0 && !client && (image->n_clients == 0 || image->clients[position]->n_messages == 0))
		close_fd(&listener->gone_fds[position]);
	return r;
}

/*
 * What a connection has of the socket that listens, as that is when it comes (since Linux 6.16). Those that
 * were accepted have options of their own, so they come before.
 */
static int set_inherited(const struct unix_object *listener)
{
	static const int numbers[] = {SO_PASSCRED, SO_PASSSEC, CR_SO_PASSPIDFD, CR_SO_PASSRIGHTS};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		const Cr__SocketOption *option =
			socket_options_get(listener->image->options, SOL_SOCKET, numbers[i]);

		if (option && setsockopt(listener->fd, SOL_SOCKET, numbers[i], option->value.data,
					 (socklen_t)option->value.len) < 0)
			return log_error_errno(-errno,
					       "cannot set what connections of a unix socket inherit");
	}
	return 0;
}

/* Everything that goes by way of a listening socket of the archive, and then its own state. */
static int connect_by_object(struct restore *restore, struct unix_object **connected, size_t count,
			     struct unix_object *listener)
{
	const Cr__UnixSocket *image = listener->image;
	struct listening listening = {
		.restore = restore,
		.fd = listener->fd,
		.address = unix_object_address(listener),
	};
	struct unix_operation last = {
		.act = UNIX_ACT_LISTEN,
		.credentials = image->peer_credentials,
		.fd = listener->fd,
		.backlog = (int)MIN(image->backlog, (uint32_t)INT_MAX),
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = connect_object(&listening, connected[i]);
	if (r == 0)
		r = flush(&listening);
	if (r == 0 && image->n_waiting_ids > 0)
		r = set_inherited(listener);
	for (size_t i = 0; r == 0 && i < image->n_waiting_ids; i++)
		r = connect_waiting(&listening, listener, i);
	return r < 0 ? r : unix_operations_run(restore, &last, 1);
}

static int compare_listeners(const void *left, const void *right)
{
	const struct unix_object *const *a = left, *const *b = right;

	if ((*a)->listener != (*b)->listener)
		return (uintptr_t)(*a)->listener < (uintptr_t)(*b)->listener ? -1 : 1;
	return ((*a)->id > (*b)->id) - ((*a)->id < (*b)->id);
}

static int connect_by_objects(struct restore *restore)
{
	struct unix_restorer *restorer = unix_restorer_of(restore);
	cleanup_free struct unix_object **connected = calloc(restorer->objects_count, sizeof(*connected));
	size_t count = 0;
	int r = 0;

	if (!connected)
		return log_error_errno(-ENOMEM, "cannot connect unix sockets");
	for (size_t i = 0; i < restorer->objects_count; i++)
		if (restorer->objects[i]->listener)
			connected[count++] = restorer->objects[i];
	qsort(connected, count, sizeof(*connected), compare_listeners);
	for (size_t i = 0; r == 0 && i < restorer->objects_count; i++) {
		struct unix_object *listener = restorer->objects[i];
		size_t first = 0, end;

		if (!listener->image->is_listening)
			continue;
		while (first < count && (uintptr_t)connected[first]->listener < (uintptr_t)listener)
			first++;
		for (end = first; end < count && connected[end]->listener == listener;)
			end++;
		r = connect_by_object(restore, &connected[first], end - first, listener);
	}
	return r;
}

/*
 * What was made by socketpair(2) may have turned to another since, to which it is connected last
 * (unix_finish.c). That has emptied its queue, so it comes before the queue is filled; and the other end is
 * told of it, as an error, if there was anything in the queue.
 */
static int turn_datagram(const struct unix_object *unix_object)
{
	const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
	const struct unix_object *partner = unix_object->partner;
	int r;

	if (!unix_object_has_turned(unix_object))
		return 0;
	/* Its own error, of an end that is no more, comes while it is connected to that. */
	r = partner                        ? tell_partner(partner)
	    : unix_object->partner_fd >= 0 ? unix_object_make_error(unix_object)
					   : 0;
	if (r < 0)
		return r;
	if (connect(unix_object->fd, &nobody, sizeof(sa_family_t)) < 0)
		return log_error_errno(-errno, "cannot take apart a pair of unix sockets");
	return 0;
}

static int turn_datagrams(struct restore *restore)
{
	struct unix_restorer *restorer = unix_restorer_of(restore);
	int r = 0;

	for (size_t i = 0; r == 0 && i < restorer->objects_count; i++)
		r = turn_datagram(restorer->objects[i]);
	return r;
}

/* All are open here until they are complete. */
static void raise_limit(const struct unix_restorer *restorer)
{
	rlim_t needed = unix_descriptors_count(restorer);
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= needed)
		return;
	limit.rlim_cur = needed;
	limit.rlim_max = MAX(limit.rlim_max, needed);
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		log_debug("cannot raise the limit of open files");
}

int unix_make(struct restore *restore)
{
	struct unix_restorer *restorer = unix_restorer_of(restore);
	int r;

	if (!restorer)
		return 0;
	raise_limit(restorer);
	r = make_pairs(restore);
	if (r == 0)
		r = make_sockets(restore);
	if (r == 0)
		r = connect_by_helpers(restore);
	for (size_t i = 0; r == 0 && i < restorer->objects_count; i++)
		r = name_closed(restore, restorer->objects[i]);
	if (r == 0)
		r = bind_objects(restore);
	if (r == 0)
		r = connect_by_objects(restore);
	return r < 0 ? r : turn_datagrams(restore);
}
