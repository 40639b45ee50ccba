/* SPDX-License-Identifier: MIT */
/*
 * What waits in queues that no call can look at, read in the kernel's memory: of connections that nobody has
 * accepted yet, for no descriptor leads to the sockets that hold it; and messages behind an error, which
 * would be told to us instead of the program. Those who could change it are frozen.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "common/kernel_unix.h"
#include "dumper/fd/open_files.h"
#include "dumper/fd/unix_socket.h"

/* So much is written at a time. */
#define PIECE_SIZE 4096

/* The kernel's address of the socket of ENTRY. */
static int find_socket(struct dump *dump, const struct unix_entry *entry, struct kernel_address *ret_socket)
{
	cleanup_close int fd = -EBADF;
	int r = open_file_take(entry->file, &fd);

	return r < 0 ? r : kernel_unix_find(unix_sockets_of(dump)->kernel, fd, ret_socket);
}

/* The socket that holds what CLIENT has sent. */
static int find_connection(struct dump *dump, const struct unix_entry *client,
			   struct kernel_address *ret_socket)
{
	struct unix_sockets *sockets = unix_sockets_of(dump);
	struct unix_entry *listening = client->waits_for;
	struct kernel_address socket = {0}, client_socket = {0}, peer = {0};
	int r = 0;

	if (!listening->waiting) {
		r = find_socket(dump, listening, &socket);
		if (r == 0)
			r = kernel_unix_queue(sockets->kernel, socket, &listening->waiting,
					      &listening->waiting_count);
	}
	if (r == 0)
		r = find_socket(dump, client, &client_socket);
	if (r < 0)
		return r;
	if (client->waits_at >= listening->waiting_count)
		return -EAGAIN;
	socket = listening->waiting[client->waits_at].socket;
	r = kernel_unix_peer(sockets->kernel, socket, &peer);
	if (r == 0 && peer.value != client_socket.value)
		r = -EAGAIN;
	if (r == 0)
		*ret_socket = socket;
	return r;
}

/* What ENTRY has sent if it waits to be accepted, and else what waits in it; for the caller to free. */
static int read_messages(struct dump *dump, const struct unix_entry *entry,
			 struct kernel_unix_message **ret_messages, size_t *ret_count)
{
	struct unix_sockets *sockets = unix_sockets_of(dump);
	struct kernel_address socket = {0};
	int r = sockets->kernel ? 0 : kernel_unix_open(&sockets->kernel);

	if (r == 0)
		r = entry->waits_for ? find_connection(dump, entry, &socket)
				     : find_socket(dump, entry, &socket);
	return r < 0 ? r : kernel_unix_queue(sockets->kernel, socket, ret_messages, ret_count);
}

/* NULL: nothing. */
static const char *why_not(const struct kernel_unix_message *message)
{
	if (message->has_fds)
		return "and descriptors with it, which nobody else can get at";
	if (message->is_scattered)
		return "in pieces so large that nobody else can read them";
	if (message->has_credentials && message->pid == 0)
		return "by a process that cannot be seen from here (of another pid namespace)";
	return NULL;
}

/* The same for a failure to look there. */
static const char *why_failed(struct dump *dump, int error)
{
	const char *text;

	if (error == -EOPNOTSUPP)
		return "an urgent byte (MSG_OOB), which nobody else can read";
	if (error == -EPERM)
		return "which is to be read in the kernel's memory only; that takes CAP_BPF and CAP_PERFMON";
	text = arena_format(&dump->arena, "which cannot be read in the kernel's memory (%s)",
			    strerror(-error));
	return text ? text : "which cannot be read";
}

static int note_message(struct dump *dump, const struct kernel_unix_message *message, Cr__UnixMessage *image)
{
	cr__unix_message__init(image);
	image->size = (uint32_t)message->size;
	if (!message->has_credentials)
		return 0;
	image->credentials = arena_new(&dump->arena, Cr__UnixCredentials);
	if (!image->credentials)
		return log_error_errno(-ENOMEM, "cannot note its queue");
	cr__unix_credentials__init(image->credentials);
	image->credentials->pid = message->pid;
	image->credentials->uid = message->uid;
	image->credentials->gid = message->gid;
	return 0;
}

static int note_messages(struct dump *dump, const struct kernel_unix_message *messages, size_t count,
			 Cr__UnixSocket *image)
{
	Cr__UnixMessage *notes = arena_array(&dump->arena, Cr__UnixMessage, count);

	image->messages = arena_array(&dump->arena, Cr__UnixMessage *, count);
	if (!notes || !image->messages)
		return log_error_errno(-ENOMEM, "cannot note its queue");
	for (size_t i = 0; i < count; i++) {
		int r = note_message(dump, &messages[i], &notes[i]);

		if (r < 0)
			return r;
		image->messages[image->n_messages++] = &notes[i];
	}
	return 0;
}

int unix_kernel_collect(struct dump *dump, struct unix_entry *entry, const char **ret_why)
{
	cleanup_free struct kernel_unix_message *messages = NULL;
	size_t count = 0;
	int r = read_messages(dump, entry, &messages, &count);

	if (r == -ENOMEM)
		return log_error_errno(r, "cannot look into its queue");
	*ret_why = r < 0 ? why_failed(dump, r) : NULL;
	for (size_t i = 0; !*ret_why && i < count; i++)
		*ret_why = why_not(&messages[i]);
	if (*ret_why)
		return 1;
	r = note_messages(dump, messages, count, entry->image);
	entry->is_read_in_kernel = true;
	entry->file->contents_size = unix_socket_contents_size(entry->image);
	return r;
}

static int write_message(struct dump *dump, const struct kernel_unix_message *message)
{
	unsigned char piece[PIECE_SIZE];

	for (size_t offset = 0; offset < message->size; offset += sizeof(piece)) {
		size_t size = MIN(sizeof(piece), message->size - offset);
		int r = kernel_unix_read(unix_sockets_of(dump)->kernel, message, offset, piece, size);

		if (r < 0)
			return log_error_errno(r, "cannot read its queue again");
		r = archive_writer_data(dump->writer, piece, size);
		if (r < 0)
			return r;
	}
	return 0;
}

int unix_kernel_write(struct dump *dump, const struct unix_entry *entry)
{
	cleanup_free struct kernel_unix_message *messages = NULL;
	size_t count = 0;
	int r = read_messages(dump, entry, &messages, &count);

	if (r == 0 && count != entry->image->n_messages)
		r = -EAGAIN;
	if (r < 0)
		return log_error_errno(r, "cannot look into its queue again");
	for (size_t i = 0; r == 0 && i < count; i++)
		r = write_message(dump, &messages[i]);
	return r;
}
