/* SPDX-License-Identifier: MIT */
/* What a valid unix socket is. */
#include "format/fd/unix_socket.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>

#include "common/printable.h"
#include "format/fd/socket_options.h"

#define refuse(reason) (*ret_reason = (reason), -EBADMSG)

const char *unix_type_name(uint32_t type)
{
	return type == SOCK_STREAM ? "stream" : type == SOCK_DGRAM ? "datagram" : "seqpacket";
}

const char *unix_name_format(const void *name, size_t name_size, char *buffer, size_t size)
{
	char text[UNIX_NAME_SIZE_MAX * 4 + 1], *end = text;
	const char *bytes = name;

	name_size = MIN(name_size, (size_t)UNIX_NAME_SIZE_MAX);
	for (size_t i = 0; i < name_size; i++)
		*end++ = bytes[i] == '\0' ? '@' : bytes[i];
	*end = '\0';
	return printable(text, buffer, size);
}

static uint64_t sum(Cr__UnixMessage *const *messages, size_t count)
{
	uint64_t size = 0;

	for (size_t i = 0; i < count; i++)
		size += messages[i]->size;
	return size;
}

uint64_t unix_socket_contents_size(const Cr__UnixSocket *socket)
{
	uint64_t size = sum(socket->messages, socket->n_messages);

	for (size_t i = 0; i < socket->n_clients; i++)
		size += sum(socket->clients[i]->messages, socket->clients[i]->n_messages);
	return size;
}

static bool is_valid_name(const ProtobufCBinaryData *name)
{
	return name->len <= UNIX_NAME_SIZE_MAX &&
	       (!unix_name_is_path(name) || !memchr(name->data, '\0', name->len));
}

static bool is_valid_path(const char *path)
{
	return path && path[0] == '/' && strnlen(path, PATH_MAX) < PATH_MAX;
}

int external_unix_socket_check(const Cr__ExternalUnixSocket *external, const char **ret_reason)
{
	bool has_path = external->peer_path && external->peer_path[0];

	if (external->type != SOCK_DGRAM)
		return refuse("it is no datagram socket");
	if (!is_valid_name(&external->name) || !is_valid_name(&external->peer_name) ||
	    external->peer_name.len == 0)
		return refuse("its names are not valid");
	if (has_path != unix_name_is_path(&external->peer_name) ||
	    (has_path && !is_valid_path(external->peer_path)))
		return refuse("its path is not valid");
	if (external->pid <= 0 || external->fd < -1 || external->peer_pid < 0)
		return refuse("its processes are not valid");
	return 0;
}

static bool are_valid_credentials(const Cr__UnixCredentials *credentials)
{
	return !credentials || (credentials->pid >= 0 && credentials->n_groups <= UNIX_GROUPS_MAX);
}

static int check_message(const Cr__UnixSocket *socket, const Cr__UnixMessage *message,
			 const char **ret_reason)
{
	bool is_stream = socket->type == SOCK_STREAM, is_datagram = socket->type == SOCK_DGRAM;

	if (!is_stream && message->size > UNIX_MESSAGE_SIZE_MAX)
		return refuse("a message in its queue is too large");
	if (is_stream && message->size == 0 && !message->is_urgent_read)
		return refuse("a part of its stream has no bytes");
	if ((message->is_urgent && (!is_stream || message->size != 1)) ||
	    (message->is_urgent_read && (!is_stream || message->size != 0 || message->n_open_file_ids > 0)))
		return refuse("an urgent byte in its queue is not valid");
	if (!is_valid_name(&message->sender_name) ||
	    (!is_datagram && (message->sender_name.len > 0 || message->sender_id != 0)))
		return refuse("the sender of a message in its queue is not valid");
	if (!are_valid_credentials(message->credentials))
		return refuse("the credentials of a message in its queue are not valid");
	if (message->n_open_file_ids > UNIX_MESSAGE_FDS_MAX)
		return refuse("a message in its queue has too many descriptors");
	for (size_t i = 0; i < message->n_open_file_ids; i++)
		if (message->open_file_ids[i] == 0)
			return refuse("a descriptor in its queue is none");
	return 0;
}

static int check_messages(const Cr__UnixSocket *socket, const char **ret_reason)
{
	if (socket->n_messages > 0 &&
	    (socket->is_listening ||
	     (socket->type != SOCK_DGRAM && socket->peer == CR__UNIX_PEER__UNIX_PEER_NONE)))
		return refuse("it has messages that nobody can have sent");
	for (size_t i = 0; i < socket->n_messages; i++) {
		int r = check_message(socket, socket->messages[i], ret_reason);

		if (r < 0)
			return r;
	}
	return 0;
}

static int check_peer(const Cr__UnixSocket *socket, const char **ret_reason)
{
	bool has_path = socket->peer_path && socket->peer_path[0];

	if ((socket->peer == CR__UNIX_PEER__UNIX_PEER_INSIDE) != (socket->peer_id != 0))
		return refuse("it does not say what it is connected to");
	if (!is_valid_name(&socket->peer_name))
		return refuse("the name of what it is connected to is not valid");
	switch (socket->peer) {
	case CR__UNIX_PEER__UNIX_PEER_NONE:
	case CR__UNIX_PEER__UNIX_PEER_INSIDE:
	case CR__UNIX_PEER__UNIX_PEER_CLOSED:
		break;
	case CR__UNIX_PEER__UNIX_PEER_WAITING:
		return socket->type == SOCK_DGRAM ? refuse("it is a datagram socket and waits to be accepted")
						  : 0;
	case CR__UNIX_PEER__UNIX_PEER_EXTERNAL:
		if (socket->type != SOCK_DGRAM || socket->peer_name.len == 0)
			return refuse("it is connected to an outside socket that cannot be found again");
		if (has_path != unix_name_is_path(&socket->peer_name) ||
		    (has_path && !is_valid_path(socket->peer_path)))
			return refuse("the path of the outside socket is not valid");
		break;
	default:
		return refuse("it is connected in an unknown way");
	}
	return 0;
}

static int check_name(const Cr__UnixSocket *socket, const char **ret_reason)
{
	const Cr__UnixFile *file = socket->file;

	if (!is_valid_name(&socket->name))
		return refuse("its name is not valid");
	if (file && (!unix_name_is_path(&socket->name) || !is_valid_path(file->path) || file->mode & ~07777U))
		return refuse("its file is not valid");
	if (socket->is_accepted && (socket->name.len == 0 || file || socket->type == SOCK_DGRAM ||
				    (socket->peer != CR__UNIX_PEER__UNIX_PEER_INSIDE &&
				     socket->peer != CR__UNIX_PEER__UNIX_PEER_CLOSED)))
		return refuse("it cannot have been accepted");
	if (socket->listener_id != 0 && !socket->is_accepted)
		return refuse("it says by whom it was accepted, but not that it was");
	return 0;
}

static int check_client(const Cr__UnixSocket *socket, size_t position, const char **ret_reason)
{
	const Cr__UnixClient *client = socket->clients[position];

	if (!are_valid_credentials(client->credentials))
		return refuse("the credentials of one that waits to be accepted are not valid");
	if (!is_valid_name(&client->name))
		return refuse("the name of one that waits to be accepted is not valid");
	if (socket->waiting_ids[position] != 0 && (client->n_messages > 0 || client->name.len > 0))
		return refuse("one that waits to be accepted is told twice");
	for (size_t i = 0; i < client->n_messages; i++) {
		int r = check_message(socket, client->messages[i], ret_reason);

		if (r == 0 && client->messages[i]->is_urgent_read)
			r = refuse("what nobody has accepted has been read");
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_listening(const Cr__UnixSocket *socket, const char **ret_reason)
{
	int r = 0;

	if (!socket->is_listening)
		return socket->n_waiting_ids > 0 || socket->n_clients > 0
			       ? refuse("others wait for it, but it does not listen")
			       : 0;
	if (socket->type == SOCK_DGRAM || socket->name.len == 0 || socket->is_accepted ||
	    socket->peer != CR__UNIX_PEER__UNIX_PEER_NONE)
		return refuse("it cannot listen");
	if (socket->n_waiting_ids > UNIX_WAITING_MAX)
		return refuse("too many wait to be accepted");
	if (socket->n_clients != 0 && socket->n_clients != socket->n_waiting_ids)
		return refuse("it does not say of each that waits who it is");
	for (size_t i = 0; r == 0 && i < socket->n_clients; i++)
		r = check_client(socket, i, ret_reason);
	return r;
}

int unix_socket_check(const Cr__UnixSocket *socket, const char **ret_reason)
{
	int r;

	if (socket->type != SOCK_STREAM && socket->type != SOCK_DGRAM && socket->type != SOCK_SEQPACKET)
		return refuse("its type is unknown");
	if (socket->shutdown & ~UNIX_SHUTDOWN_BOTH || socket->mode & ~07777U)
		return refuse("its state is not valid");
	if (!are_valid_credentials(socket->peer_credentials))
		return refuse("its credentials are not valid");
	r = check_name(socket, ret_reason);
	if (r == 0)
		r = check_listening(socket, ret_reason);
	if (r == 0)
		r = check_peer(socket, ret_reason);
	if (r == 0)
		r = check_messages(socket, ret_reason);
	return r < 0 ? r : socket_options_check(&socket_options_shared, socket->options, ret_reason);
}
