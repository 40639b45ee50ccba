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
#define PIECE_SIZE ((size_t)64 << 10)

/* The kernel's address of the socket of ENTRY. */
static int find_socket(struct dump *dump, const struct unix_entry *entry, struct kernel_address *ret_socket)
{
	cleanup_close int fd = -EBADF;
	int r = open_file_take(entry->file, &fd);

	return r < 0 ? r : kernel_unix_find(unix_sockets_of(dump)->kernel, fd, ret_socket);
}

static int open_kernel(struct dump *dump)
{
	struct unix_sockets *sockets = unix_sockets_of(dump);

	return sockets->kernel ? 0 : kernel_unix_open(&sockets->kernel);
}

/* The connection that waits at POSITION for LISTENING: the socket that holds what has come over it. -EAGAIN:
 * it is not as it was. */
static int find_connection(struct dump *dump, struct unix_entry *listening, size_t position,
			   struct kernel_address *ret_socket)
{
	struct unix_sockets *sockets = unix_sockets_of(dump);
	struct kernel_address socket = {0};
	int r = open_kernel(dump);

	if (r == 0 && !listening->waiting) {
		r = find_socket(dump, listening, &socket);
		if (r == 0)
			r = kernel_unix_queue(sockets->kernel, socket, &listening->waiting,
					      &listening->waiting_count);
	}
	if (r < 0)
		return r;
	if (listening->waiting_count != listening->diag->waiting_count)
		return -EAGAIN;
	*ret_socket = listening->waiting[position].socket;
	return 0;
}

/* The socket that holds what CLIENT has sent. */
static int find_connection_of(struct dump *dump, const struct unix_entry *client,
			      struct kernel_address *ret_socket)
{
	struct kernel_address client_socket = {0}, peer = {0};
	int r = find_connection(dump, client->waits_for, client->waits_at, ret_socket);

	if (r == 0)
		r = find_socket(dump, client, &client_socket);
	if (r == 0)
		r = kernel_unix_peer(unix_sockets_of(dump)->kernel, *ret_socket, &peer);
	return r == 0 && peer.value != client_socket.value ? -EAGAIN : r;
}

/* What ENTRY has sent if it waits to be accepted, and else what waits in it; for the caller to free. */
static int read_messages(struct dump *dump, const struct unix_entry *entry,
			 struct kernel_unix_message **ret_messages, size_t *ret_count)
{
	struct kernel_address socket = {0};
	int r = open_kernel(dump);

	if (r == 0)
		r = entry->waits_for ? find_connection_of(dump, entry, &socket)
				     : find_socket(dump, entry, &socket);
	return r < 0 ? r : kernel_unix_queue(unix_sockets_of(dump)->kernel, socket, ret_messages, ret_count);
}

/* For a failure to look there. */
static const char *why_failed(struct dump *dump, int error)
{
	const char *text;

	if (error == -EAGAIN)
		return "which changes while it is looked at";
	if (error == -EPERM)
		return "which is to be read in the kernel's memory only; that takes CAP_BPF and CAP_PERFMON";
	text = arena_format(&dump->arena, "which cannot be read in the kernel's memory (%s)",
			    strerror(-error));
	return text ? text : "which cannot be read";
}

/* Whether all of it can be read later. NULL: it can. */
static const char *why_not(struct dump *dump, const struct kernel_unix_message *message)
{
	unsigned char last;
	int r = 0;

	if (message->has_credentials && message->pid == 0)
		return "by a process that cannot be seen from here (of another pid namespace)";
	if (message->size > 0)
		r = kernel_unix_read(unix_sockets_of(dump)->kernel, message, message->size - 1, &last, 1);
	if (r == -EPERM)
		return "so much that reading it in the kernel's memory takes CAP_SYS_ADMIN";
	return r < 0 ? why_failed(dump, r) : NULL;
}

/* The open files that are known, by what the kernel has of them. */
static int find_files(struct dump *dump)
{
	struct unix_sockets *sockets = unix_sockets_of(dump);
	int r = 0;

	if (sockets->by_file.count > 0)
		return 0;
	for (size_t i = 0; r == 0 && i < dump->open_files_count; i++) {
		cleanup_close int fd = -EBADF;
		struct kernel_address address = {0};

		if (!dump->open_files[i]->kind)
			continue;
		r = open_file_take(dump->open_files[i], &fd);
		if (r == 0)
			r = kernel_unix_file(sockets->kernel, fd, &address);
		if (r == 0)
			r = id_map_set(&sockets->by_file, address.value, dump->open_files[i]->image.id);
	}
	return r;
}

/* The descriptors of a message: only what somebody else has too can be had. *ret_why stays NULL if all are.
 */
static int note_fds(struct dump *dump, const struct kernel_unix_message *message, Cr__UnixMessage *image,
		    const char **ret_why)
{
	struct unix_sockets *sockets = unix_sockets_of(dump);
	struct kernel_address files[KERNEL_UNIX_FDS_MAX];
	size_t count = 0;
	int r = kernel_unix_fds(sockets->kernel, message, files, &count);

	if (r == 0 && count > 0)
		r = find_files(dump);
	if (r < 0 || count == 0) {
		*ret_why = r < 0 ? why_failed(dump, r) : NULL;
		return r == -ENOMEM ? log_error_errno(r, "cannot note its queue") : 0;
	}
	image->open_file_ids = arena_array(&dump->arena, uint32_t, count);
	if (!image->open_file_ids)
		return log_error_errno(-ENOMEM, "cannot note its queue");
	for (size_t i = 0; i < count; i++) {
		uint64_t id = 0;

		if (!id_map_get(&sockets->by_file, files[i].value, &id)) {
			*ret_why = "and descriptors with it that no process of the tree has as well, so that "
				   "nobody else can get at them";
			return 0;
		}
		image->open_file_ids[image->n_open_file_ids++] = (uint32_t)id;
	}
	return 0;
}

static Cr__UnixCredentials *new_credentials(struct dump *dump, pid_t pid, uid_t uid, gid_t gid)
{
	Cr__UnixCredentials *image = arena_new(&dump->arena, Cr__UnixCredentials);

	if (!image)
		return NULL;
	cr__unix_credentials__init(image);
	image->pid = pid;
	image->uid = uid;
	image->gid = gid;
	return image;
}

static int note_message(struct dump *dump, const struct kernel_unix_message *message, Cr__UnixMessage *image,
			const char **ret_why)
{
	cr__unix_message__init(image);
	image->size = (uint32_t)message->size;
	image->is_urgent = message->is_urgent;
	*ret_why = why_not(dump, message);
	if (*ret_why)
		return 0;
	if (message->has_credentials) {
		image->credentials = new_credentials(dump, message->pid, message->uid, message->gid);
		if (!image->credentials)
			return log_error_errno(-ENOMEM, "cannot note its queue");
	}
	return note_fds(dump, message, image, ret_why);
}

/* 1 and *ret_why: they cannot be had. */
static int note_messages(struct dump *dump, const struct kernel_unix_message *messages, size_t count,
			 Cr__UnixMessage ***ret_images, const char **ret_why)
{
	Cr__UnixMessage *notes = arena_array(&dump->arena, Cr__UnixMessage, count);
	Cr__UnixMessage **images = arena_array(&dump->arena, Cr__UnixMessage *, count);

	if (!notes || !images)
		return log_error_errno(-ENOMEM, "cannot note its queue");
	for (size_t i = 0; i < count; i++) {
		int r = note_message(dump, &messages[i], &notes[i], ret_why);

		if (r < 0 || *ret_why)
			return r < 0 ? r : 1;
		images[i] = &notes[i];
	}
	*ret_images = images;
	return 0;
}

/* That the kernel could not be asked: it ends the dump only if memory is short. */
static int note_failure(struct dump *dump, int error, const char **ret_why)
{
	if (error == -ENOMEM)
		return log_error_errno(error, "cannot look into its queue");
	*ret_why = why_failed(dump, error);
	return 1;
}

int unix_kernel_collect(struct dump *dump, struct unix_entry *entry, const char **ret_why)
{
	cleanup_free struct kernel_unix_message *messages = NULL;
	size_t count = 0;
	int r = read_messages(dump, entry, &messages, &count);

	*ret_why = NULL;
	if (r < 0)
		return note_failure(dump, r, ret_why);
	r = note_messages(dump, messages, count, &entry->image->messages, ret_why);
	if (r != 0)
		return r;
	entry->image->n_messages = count;
	entry->is_read_in_kernel = true;
	entry->file->contents_size = unix_socket_contents_size(entry->image);
	return 0;
}

static int note_client(struct dump *dump, const struct kernel_unix_client *client, Cr__UnixClient *image)
{
	if (client->has_credentials) {
		image->credentials = new_credentials(dump, client->pid, client->uid, client->gid);
		if (!image->credentials)
			return log_error_errno(-ENOMEM, "cannot note who waits");
		image->credentials->groups = arena_copy(&dump->arena, client->groups,
							client->groups_count * sizeof(client->groups[0]));
		image->credentials->n_groups = client->groups_count;
		if (client->groups_count > 0 && !image->credentials->groups)
			return log_error_errno(-ENOMEM, "cannot note who waits");
	}
	if (!client->is_gone || client->name_size == 0)
		return 0;
	image->name = arena_bytes(&dump->arena, client->name, client->name_size);
	return image->name.data ? 0 : log_error_errno(-ENOMEM, "cannot note who waits");
}

int unix_kernel_collect_client(struct dump *dump, struct unix_entry *entry, size_t position,
			       Cr__UnixClient *image, const char **ret_why)
{
	cleanup_(kernel_unix_client_done) struct kernel_unix_client client = {0};
	cleanup_free struct kernel_unix_message *messages = NULL;
	struct kernel_unix *kernel;
	struct kernel_address socket = {0};
	size_t count = 0;
	int r = find_connection(dump, entry, position, &socket);

	kernel = unix_sockets_of(dump)->kernel;
	if (r == 0)
		r = kernel_unix_client(kernel, socket, &client);
	if (r == 0 && client.is_gone != (entry->diag->waiting[position] == 0))
		r = -EAGAIN;
	if (r == 0 && client.is_gone)
		r = kernel_unix_queue(kernel, socket, &messages, &count);
	if (r < 0)
		return note_failure(dump, r, ret_why);
	r = note_client(dump, &client, image);
	if (r < 0 || !client.is_gone)
		return r;
	r = note_messages(dump, messages, count, &image->messages, ret_why);
	if (r == 0)
		image->n_messages = count;
	entry->is_read_in_kernel |= r == 0;
	return r;
}

static int write_message(struct dump *dump, const struct kernel_unix_message *message, unsigned char *piece)
{
	for (size_t offset = 0; offset < message->size; offset += PIECE_SIZE) {
		size_t size = MIN(PIECE_SIZE, message->size - offset);
		int r = kernel_unix_read(unix_sockets_of(dump)->kernel, message, offset, piece, size);

		if (r < 0)
			return log_error_errno(r, "cannot read its queue again");
		r = archive_writer_data(dump->writer, piece, size);
		if (r < 0)
			return r;
	}
	return 0;
}

static int write_messages(struct dump *dump, const struct kernel_unix_message *messages, size_t count,
			  size_t expected)
{
	cleanup_free unsigned char *piece = malloc(PIECE_SIZE);
	int r = !piece ? -ENOMEM : count != expected ? -EAGAIN : 0;

	if (r < 0)
		return log_error_errno(r, "cannot look into its queue again");
	for (size_t i = 0; r == 0 && i < count; i++)
		r = write_message(dump, &messages[i], piece);
	return r;
}

static int write_clients(struct dump *dump, const struct unix_entry *entry)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < entry->image->n_clients; i++) {
		cleanup_free struct kernel_unix_message *messages = NULL;
		size_t count = 0, expected = entry->image->clients[i]->n_messages;

		if (expected == 0)
			continue;
		r = kernel_unix_queue(unix_sockets_of(dump)->kernel, entry->waiting[i].socket, &messages,
				      &count);
		if (r < 0)
			return log_error_errno(r, "cannot look into its queue again");
		r = write_messages(dump, messages, count, expected);
	}
	return r;
}

int unix_kernel_write(struct dump *dump, const struct unix_entry *entry)
{
	cleanup_free struct kernel_unix_message *messages = NULL;
	size_t count = 0;
	int r;

	if (entry->image->is_listening)
		return write_clients(dump, entry);
	r = read_messages(dump, entry, &messages, &count);
	if (r < 0)
		return log_error_errno(r, "cannot look into its queue again");
	return write_messages(dump, messages, count, entry->image->n_messages);
}
