/* SPDX-License-Identifier: MIT */
/*
 * Who can send once more what waits in the queues of datagram sockets.
 *
 * The kernel tells of a datagram's sender its name only. A restore sends it again from the socket of the tree
 * with that name, or else from one that it makes for the purpose; and while the receiver is connected to
 * somebody, only he can send.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "dumper/fd/unix_socket.h"

struct senders {
	struct dump *dump;
	struct unix_sockets *sockets;
	struct id_map by_name;     /* hash of the name of a datagram socket: index in entries + 1 */
	struct id_map by_receiver; /* inode of what one is connected to: index in entries + 1 */
};

static void senders_done(struct senders *senders)
{
	id_map_done(&senders->by_name);
	id_map_done(&senders->by_receiver);
}

/* FNV-1a */
static uint64_t hash_name(const ProtobufCBinaryData *name)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < name->len; i++)
		hash = (hash ^ name->data[i]) * 0x100000001b3;
	return hash;
}

static bool is_same_name(const ProtobufCBinaryData *left, const void *name, size_t size)
{
	return left->len == size && (size == 0 || memcmp(left->data, name, size) == 0);
}

static int senders_fill(struct senders *senders)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < senders->sockets->entries_count; i++) {
		const struct unix_entry *entry = senders->sockets->entries[i];

		if (!entry->diag || entry->is_external || entry->image->type != SOCK_DGRAM)
			continue;
		if (entry->image->name.len > 0)
			r = id_map_set(&senders->by_name, hash_name(&entry->image->name), i + 1);
		if (r == 0 && entry->diag->peer_inode != 0)
			r = id_map_set(&senders->by_receiver, entry->diag->peer_inode, i + 1);
	}
	return r < 0 ? log_error_errno(r, "cannot compare unix sockets") : 0;
}

static const struct unix_entry *senders_get(const struct senders *senders, const struct id_map *map,
					    uint64_t key)
{
	uint64_t index;

	return id_map_get(map, key, &index) ? senders->sockets->entries[index - 1] : NULL;
}

static const struct unix_entry *find_named(const struct senders *senders, const ProtobufCBinaryData *name)
{
	const struct unix_entry *entry = senders_get(senders, &senders->by_name, hash_name(name));

	return entry && is_same_name(&entry->image->name, name->data, name->len) ? entry : NULL;
}

/* The socket that ENTRY is connected to, if that is in the tree. */
static const struct unix_entry *peer_of(const struct senders *senders, const struct unix_entry *entry)
{
	return unix_entry_find(senders->sockets, entry->diag->peer_inode);
}

/* Made by socketpair(2), which is the only way for a datagram socket to credentials. */
static bool is_of_pair(const struct unix_entry *entry)
{
	return entry->image->peer_credentials;
}

/* Nothing but what it was made together with can have sent to a socket without a name. */
static const struct unix_entry *find_mate(const struct senders *senders, const struct unix_entry *entry)
{
	return senders_get(senders, &senders->by_receiver, entry->diag->inode);
}

static bool is_name_taken_outside(const struct senders *senders, const ProtobufCBinaryData *name)
{
	for (size_t i = 0; i < senders->sockets->diag.sockets_count; i++) {
		const struct unix_diag_socket *socket = &senders->sockets->diag.sockets[i];

		if (socket->type == SOCK_DGRAM && is_same_name(name, socket->name, socket->name_size))
			return true;
	}
	return false;
}

/* Notes who of the tree sends it, who is returned; NULL: none of them. Adds a blocker if nobody can. */
static const struct unix_entry *find_sender(const struct senders *senders, const struct unix_entry *entry,
					    Cr__UnixMessage *message)
{
	const struct unix_entry *peer = peer_of(senders, entry), *sender = NULL;
	struct blockers *blockers = &senders->dump->blockers;

	if (entry->image->name.len == 0)
		sender = find_mate(senders, entry);
	else if (message->sender_name.len > 0)
		sender = find_named(senders, &message->sender_name);
	else if (peer && peer->image->name.len == 0)
		sender = peer;
	message->sender_id = sender ? sender->file->image.id : 0;
	if (!sender && entry->image->peer != CR__UNIX_PEER__UNIX_PEER_CLOSED &&
	    unix_name_is_abstract(&message->sender_name) &&
	    is_name_taken_outside(senders, &message->sender_name))
		blockers_add(blockers,
			     "%s has an unread message from %s outside, whose name cannot be used for it a "
			     "second time: "
			     "let the program read it first",
			     unix_describe(senders->dump, entry->diag),
			     unix_describe_name(senders->dump, message->sender_name.data,
						message->sender_name.len));
	return sender;
}

/* What it was connected to at first has to be exchanged before anything is sent. */
static bool is_from_former_peer(const struct senders *senders, const struct unix_entry *entry,
				const struct unix_entry *sender)
{
	const struct unix_entry *peer = peer_of(senders, entry);

	if (!is_of_pair(entry))
		return false;
	return peer ? sender != peer : !sender && entry->image->peer == CR__UNIX_PEER__UNIX_PEER_EXTERNAL;
}

static void check_messages(const struct senders *senders, const struct unix_entry *entry)
{
	bool is_former = false;

	for (size_t k = 0; k < entry->image->n_messages; k++)
		is_former |= is_from_former_peer(senders, entry,
						 find_sender(senders, entry, entry->image->messages[k]));
	if (is_former)
		blockers_add(
			&senders->dump->blockers,
			"%s has an unread message that came before it was connected to another socket: let "
			"the program read it first",
			unix_describe(senders->dump, entry->diag));
}

/* What sets it for a datagram socket is that the other end, connected to it, has turned away. */
static void check_error(const struct senders *senders, const struct unix_entry *entry)
{
	const struct unix_entry *peer = peer_of(senders, entry);
	bool can_be_made =
		is_of_pair(entry) && (peer ? peer->diag->peer_inode != entry->diag->inode
					   : entry->image->peer == CR__UNIX_PEER__UNIX_PEER_CLOSED);

	if (entry->image->has_error && !can_be_made)
		blockers_add(
			&senders->dump->blockers,
			"%s has an error that the program was not told yet (SO_ERROR), as its other end has "
			"turned to another: let it be told first",
			unix_describe(senders->dump, entry->diag));
}

int unix_senders_check(struct dump *dump)
{
	cleanup_(senders_done) struct senders senders = {.dump = dump, .sockets = unix_sockets_of(dump)};
	int r = senders_fill(&senders);

	for (size_t i = 0; r == 0 && i < senders.sockets->entries_count; i++) {
		const struct unix_entry *entry = senders.sockets->entries[i];

		if (!entry->diag || entry->is_external || entry->image->type != SOCK_DGRAM)
			continue;
		UNIX_LOG_SCOPE(entry);
		check_error(&senders, entry);
		check_messages(&senders, entry);
	}
	return r;
}
