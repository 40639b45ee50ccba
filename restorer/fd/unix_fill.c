/* SPDX-License-Identifier: MIT */
/* Fills the queues of unix sockets: everything is sent once more. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/vector.h"
#include "restorer/fd/socket_options.h"
#include "restorer/fd/unix_socket.h"

/* So much of a stream is sent at a time. */
#define STREAM_PIECE ((size_t)128 << 10)
/* The size of a send buffer: the largest there is, or that this process may have; in the end it is what it
 * was. */
#define SEND_BUFFER INT32_MAX

#define CONTROL_SIZE (CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(UNIX_MESSAGE_FDS_MAX * sizeof(int)))

/* The bytes of one queue, as they come out of the archive. */
struct source {
	struct restore *restore;
	const unsigned char *data; /* of the last piece */
	size_t left;               /* of it */
};

/* One message on its way. */
struct parcel {
	struct unix_object *receiver;
	const Cr__UnixMessage *message;
	int fd; /* of the sender */
	bool has_address;
	int fds[UNIX_MESSAGE_FDS_MAX];
	size_t fds_count;
};

static void parcel_done(struct parcel *parcel)
{
	for (size_t i = 0; i < parcel->fds_count; i++)
		close_fd(&parcel->fds[i]);
	parcel->fds_count = 0;
}

static int source_read(struct source *source, unsigned char *buffer, size_t size)
{
	while (size > 0) {
		size_t part;

		if (source->left == 0) {
			const void *data;
			int r = archive_reader_data(source->restore->reader, &data, &source->left);

			if (r < 0)
				return r;
			if (source->left == 0)
				return log_error_errno(-EBADMSG, "the contents of a unix socket are cut off");
			source->data = data;
		}
		part = MIN(size, source->left);
		memcpy(buffer, source->data, part);
		buffer += part;
		size -= part;
		source->data += part;
		source->left -= part;
	}
	return 0;
}

/* A socket of a sender that is not in the archive: with that name, for as long as it takes. */
static int find_helper(struct restore *restore, const ProtobufCBinaryData *name, int *ret_fd)
{
	struct unix_restorer *restorer = unix_restorer_of(restore);
	struct unix_binding binding = {.name = name, .file_fd = -EBADF};
	struct unix_helper *helper;
	int r = 0;

	for (size_t i = 0; i < restorer->helpers_count; i++) {
		helper = &restorer->helpers[i];
		if (helper->name->len == name->len &&
		    (name->len == 0 || memcmp(helper->name->data, name->data, name->len) == 0)) {
			*ret_fd = helper->fd;
			return 0;
		}
	}
	helper = vector_append(restorer, helpers);
	if (!helper)
		return log_error_errno(-ENOMEM, "cannot make a unix socket");
	*helper = (struct unix_helper){.name = name, .fd = -EBADF};
	helper->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (helper->fd < 0)
		return log_error_errno(-errno, "cannot make a unix socket");
	(void)!socket_buffer_set(helper->fd, SO_SNDBUF, SEND_BUFFER);
	binding.fd = helper->fd;
	if (unix_name_is_abstract(name))
		r = unix_bind_abstract(helper->fd, name);
	else if (name->len > 0)
		r = unix_bind_paths(restore, &binding, 1);
	close_fd(&binding.file_fd);
	*ret_fd = helper->fd;
	return r;
}

static bool is_name_of_partner(const struct unix_object *receiver, const ProtobufCBinaryData *name)
{
	const ProtobufCBinaryData *partner = &receiver->image->peer_name;

	return name->len == partner->len &&
	       (name->len == 0 || memcmp(name->data, partner->data, name->len) == 0);
}

/* Makes the send buffer of a socket of the archive large, once. */
static void make_room(struct unix_object *sender)
{
	if (sender->has_room)
		return;
	sender->has_room = true;
	(void)!socket_buffer_set(sender->fd, SO_SNDBUF, SEND_BUFFER);
}

/* Who sends it, and whether he has to say to whom. */
static int find_sender(struct restore *restore, struct parcel *parcel)
{
	struct unix_object *receiver = parcel->receiver, *sender = NULL;
	const Cr__UnixMessage *message = parcel->message;

	/* What it has sent itself, to whoever accepts it. */
	if (receiver->image->peer == CR__UNIX_PEER__UNIX_PEER_WAITING)
		sender = receiver;
	else if (receiver->image->type != SOCK_DGRAM)
		sender = receiver->partner;
	else if (message->sender_id != 0)
		sender = unix_object_find(restore, message->sender_id);
	parcel->has_address = receiver->image->type == SOCK_DGRAM && receiver->image->name.len > 0;
	if (sender) {
		make_room(sender);
		parcel->fd = sender->fd;
		return 0;
	}
	if (receiver->partner_fd >= 0 &&
	    (!parcel->has_address || is_name_of_partner(receiver, &message->sender_name))) {
		(void)!socket_buffer_set(receiver->partner_fd, SO_SNDBUF, SEND_BUFFER);
		parcel->fd = receiver->partner_fd;
		return 0;
	}
	return find_helper(restore, &message->sender_name, &parcel->fd);
}

static int take_fds(struct restore *restore, struct parcel *parcel)
{
	for (size_t i = 0; i < parcel->message->n_open_file_ids; i++) {
		struct object *object = object_find(restore, parcel->message->open_file_ids[i]);
		int r = object_take(restore, object, &parcel->fds[i]);

		if (r < 0)
			return r;
		parcel->fds_count++;
	}
	return 0;
}

/* The control part of MESSAGE, in its buffer of CONTROL_SIZE zeros. */
static void add_control(const struct parcel *parcel, struct msghdr *message)
{
	const Cr__UnixCredentials *credentials = parcel->message->credentials;
	struct cmsghdr *control = message->msg_control;
	size_t used = 0;

	if (credentials) {
		struct ucred value = {credentials->pid, credentials->uid, credentials->gid};

		control->cmsg_level = SOL_SOCKET;
		control->cmsg_type = SCM_CREDENTIALS;
		control->cmsg_len = CMSG_LEN(sizeof(value));
		memcpy(CMSG_DATA(control), &value, sizeof(value));
		used = CMSG_SPACE(sizeof(value));
	}
	if (parcel->fds_count > 0) {
		size_t size = parcel->fds_count * sizeof(parcel->fds[0]);

		control = (struct cmsghdr *)(void *)((char *)message->msg_control + used);
		control->cmsg_level = SOL_SOCKET;
		control->cmsg_type = SCM_RIGHTS;
		control->cmsg_len = CMSG_LEN(size);
		memcpy(CMSG_DATA(control), parcel->fds, size);
		used += CMSG_SPACE(size);
	}
	message->msg_controllen = used;
	if (used == 0)
		message->msg_control = NULL;
}

/* The credentials of a process that is no more are sent by one that has its id for as long as that takes. */
static int send_as_gone(struct restore *restore, const struct parcel *parcel, const struct msghdr *message)
{
	struct unix_operation operation = {
		.act = UNIX_ACT_SEND,
		.credentials = parcel->message->credentials,
		.fd = parcel->fd,
		.message = message,
	};

	return unix_operations_run(restore, &operation, 1);
}

/* Sends SIZE bytes of the message, with what comes along if IS_FIRST. */
static int send_bytes(struct restore *restore, const struct parcel *parcel, const void *data, size_t size,
		      bool is_first)
{
	_Alignas(struct cmsghdr) unsigned char control[CONTROL_SIZE] = {0};
	struct unix_address address = unix_object_address(parcel->receiver);
	struct iovec content = {(void *)(uintptr_t)data, size};
	struct msghdr message = {.msg_iov = &content, .msg_iovlen = 1};
	int flags = MSG_DONTWAIT | MSG_NOSIGNAL | (parcel->message->is_urgent ? MSG_OOB : 0);
	struct sockaddr_un where;
	ssize_t sent;

	if (parcel->has_address) {
		message.msg_namelen = unix_address_fill(&address, &where);
		message.msg_name = &where;
	}
	message.msg_control = control;
	add_control(parcel, &message);
	if (!is_first && !parcel->message->credentials)
		message.msg_controllen = 0;
	sent = sendmsg(parcel->fd, &message, flags);
	if (sent < 0 && errno == ESRCH && parcel->message->credentials)
		return send_as_gone(restore, parcel, &message);
	if (sent < 0)
		return log_error_errno(-errno, "cannot fill the queue of a unix socket");
	if ((size_t)sent != size)
		return log_error_errno(-ENOBUFS,
				       "cannot fill the queue of a unix socket: %zu of %zu bytes went in",
				       (size_t)sent, size);
	return 0;
}

/* A byte that is urgent and was read has left its place. */
static int send_urgent_read(struct restore *restore, const struct parcel *parcel)
{
	Cr__UnixMessage urgent = *parcel->message;
	struct parcel byte = *parcel;
	char read;
	int r;

	urgent.is_urgent = true;
	byte.message = &urgent;
	r = send_bytes(restore, &byte, "", 1, true);
	if (r == 0 && recv(parcel->receiver->fd, &read, 1, MSG_OOB | MSG_DONTWAIT) != 1)
		r = log_error_errno(-EIO, "cannot mark where an urgent byte was");
	return r;
}

static int send_message(struct source *source, struct parcel *parcel)
{
	bool is_stream = parcel->receiver->image->type == SOCK_STREAM;
	size_t left = parcel->message->size, size = is_stream ? MIN(left, STREAM_PIECE) : left;
	cleanup_free unsigned char *buffer = NULL;
	bool is_first = true;
	int r = 0;

	if (parcel->message->is_urgent_read)
		return send_urgent_read(source->restore, parcel);
	/* What cannot be cut is not larger than UNIX_MESSAGE_SIZE_MAX. */
	buffer = malloc(MAX(size, (size_t)1));
	if (!buffer)
		return log_error_errno(-ENOMEM, "cannot fill the queue of a unix socket");
	do {
		size_t part = MIN(left, size);

		r = source_read(source, buffer, part);
		if (r == 0)
			r = send_bytes(source->restore, parcel, buffer, part, is_first);
		if (is_first)
			parcel_done(parcel);
		is_first = false;
		left -= part;
	} while (r == 0 && left > 0);
	return r;
}

static int fill_message(struct source *source, struct parcel *parcel)
{
	int r = take_fds(source->restore, parcel);

	return r < 0 ? r : send_message(source, parcel);
}

static int fill_own(struct source *source, struct unix_object *unix_object)
{
	const Cr__UnixSocket *image = unix_object->image;

	for (size_t i = 0; i < image->n_messages; i++) {
		cleanup_(parcel_done) struct parcel parcel = {
			.receiver = unix_object,
			.message = image->messages[i],
		};
		int r = find_sender(source->restore, &parcel);

		if (r == 0)
			r = fill_message(source, &parcel);
		if (r < 0)
			return r;
	}
	return 0;
}

/* What a client that has gone again has sent, to whoever accepts it. */
static int fill_by_gone(struct source *source, struct unix_object *listener, size_t position)
{
	const Cr__UnixClient *client = listener->image->clients[position];

	for (size_t i = 0; i < client->n_messages; i++) {
		cleanup_(parcel_done) struct parcel parcel = {
			.receiver = listener,
			.message = client->messages[i],
			.fd = listener->gone_fds[position],
		};
		int r;

		(void)!socket_buffer_set(parcel.fd, SO_SNDBUF, SEND_BUFFER);
		r = fill_message(source, &parcel);
		if (r < 0)
			return r;
	}
	return 0;
}

static int fill(struct source *source, struct unix_object *unix_object)
{
	int r;

	unix_object->has_messages = true;
	r = fill_own(source, unix_object);
	for (size_t i = 0; r == 0 && i < unix_object->image->n_clients; i++)
		r = fill_by_gone(source, unix_object, i);
	unix_object_let_go(unix_object);
	return r;
}

int unix_fill(struct restore *restore, struct unix_object *unix_object)
{
	struct source source = {.restore = restore};

	return fill(&source, unix_object);
}

int unix_fill_empty(struct restore *restore, struct unix_object *unix_object)
{
	struct source source = {.restore = restore};

	return unix_object->has_messages || unix_object->object->contents_size > 0
		       ? 0
		       : fill(&source, unix_object);
}
