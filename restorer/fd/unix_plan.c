/* SPDX-License-Identifier: MIT */
/* How each unix socket of an archive is to be made, and whether they fit each other. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "common/log.h"
#include "restorer/fd/unix_socket.h"

static int bad(const struct unix_object *unix_object, const char *why)
{
	log_error("bad archive: fd/unix_socket.pb, open file %u: %s", unix_object->id, why);
	return -EBADMSG;
}

static bool is_closed(const struct unix_object *unix_object)
{
	return unix_object->image->peer == CR__UNIX_PEER__UNIX_PEER_CLOSED;
}

/* The references of one socket, which must be to such as can be meant. */
static int resolve(struct restore *restore, struct unix_object *unix_object)
{
	const Cr__UnixSocket *image = unix_object->image;

	if (image->peer_id != 0) {
		unix_object->peer = unix_object_find(restore, image->peer_id);
		if (!unix_object->peer || unix_object->peer->image->type != image->type)
			return bad(unix_object, "it is connected to something else than such a socket");
	}
	if (image->listener_id != 0) {
		unix_object->listener = unix_object_find(restore, image->listener_id);
		if (!unix_object->listener || !unix_object->listener->image->is_listening ||
		    unix_object->listener->image->type != image->type)
			return bad(unix_object, "it was accepted by something that does not listen");
	}
	return 0;
}

static int resolve_message(struct restore *restore, const struct unix_object *unix_object,
			   const Cr__UnixMessage *message)
{
	const struct unix_object *sender =
		message->sender_id != 0 ? unix_object_find(restore, message->sender_id) : NULL;

	if (message->sender_id != 0 && (!sender || sender->image->type != SOCK_DGRAM))
		return bad(unix_object, "a message in its queue was sent by something that cannot send");
	for (size_t k = 0; k < message->n_open_file_ids; k++)
		if (!object_find(restore, message->open_file_ids[k]))
			return bad(unix_object, "a descriptor in its queue is not there");
	return 0;
}

static int resolve_messages(struct restore *restore, const struct unix_object *unix_object)
{
	const Cr__UnixSocket *image = unix_object->image;
	int r = 0;

	for (size_t i = 0; r == 0 && i < image->n_messages; i++)
		r = resolve_message(restore, unix_object, image->messages[i]);
	for (size_t i = 0; i < image->n_clients; i++)
		for (size_t k = 0; r == 0 && k < image->clients[i]->n_messages; k++)
			r = resolve_message(restore, unix_object, image->clients[i]->messages[k]);
	return r;
}

static int resolve_waiting(struct restore *restore, const struct unix_object *unix_object)
{
	const Cr__UnixSocket *image = unix_object->image;

	for (size_t i = 0; i < image->n_waiting_ids; i++) {
		struct unix_object *client;

		if (image->waiting_ids[i] == 0)
			continue;
		client = unix_object_find(restore, image->waiting_ids[i]);
		if (!client || client->image->peer != CR__UNIX_PEER__UNIX_PEER_WAITING ||
		    client->image->type != image->type || client->is_for_others)
			return bad(unix_object, "what waits to be accepted by it cannot");
		client->is_for_others = true;
	}
	return 0;
}

/* Two stream or seqpacket sockets of the archive that are connected. */
static int plan_connected(struct unix_object *unix_object)
{
	struct unix_object *peer = unix_object->peer;
	bool is_accepted = unix_object->image->is_accepted;

	if (peer->peer != unix_object || peer == unix_object)
		return bad(unix_object, "what it is connected to is connected to another");
	if (is_accepted && peer->image->is_accepted)
		return bad(unix_object, "both ends of its connection were accepted");
	unix_object->partner = peer;
	unix_object->origin = is_accepted                ? UNIX_ORIGIN_ACCEPTED
			      : peer->image->is_accepted ? UNIX_ORIGIN_CLIENT
							 : UNIX_ORIGIN_PAIR;
	if (unix_object->origin == UNIX_ORIGIN_CLIENT)
		unix_object->listener = peer->listener;
	return 0;
}

static struct unix_object *find_listening(const struct unix_restorer *restorer, uint32_t type,
					  const ProtobufCBinaryData *name)
{
	for (size_t i = 0; i < restorer->objects_count; i++) {
		const Cr__UnixSocket *image = restorer->objects[i]->image;

		if (image->is_listening && image->type == type && image->name.len == name->len &&
		    memcmp(image->name.data, name->data, name->len) == 0)
			return restorer->objects[i];
	}
	return NULL;
}

static int plan_stream(const struct unix_restorer *restorer, struct unix_object *unix_object)
{
	const Cr__UnixSocket *image = unix_object->image;

	if (unix_object->peer)
		return plan_connected(unix_object);
	if (image->peer == CR__UNIX_PEER__UNIX_PEER_WAITING && !unix_object->is_for_others)
		return bad(unix_object, "it waits to be accepted, but by nobody");
	if (!is_closed(unix_object))
		return 0;
	/* Only what was accepted, or bound for its own sake, has a name: the first is how it mostly came to
	 * be. */
	unix_object->origin = image->is_accepted         ? UNIX_ORIGIN_ACCEPTED
			      : image->peer_name.len > 0 ? UNIX_ORIGIN_CLIENT
							 : UNIX_ORIGIN_PAIR;
	if (unix_object->origin == UNIX_ORIGIN_CLIENT)
		unix_object->listener = find_listening(restorer, image->type, &image->peer_name);
	return 0;
}

/* Made by socketpair(2): nothing else gives a datagram socket credentials. */
static bool is_of_pair(const struct unix_object *unix_object)
{
	return unix_object->image->type == SOCK_DGRAM && unix_object->image->peer_credentials;
}

static bool has_same_maker(const struct unix_object *left, const struct unix_object *right)
{
	const Cr__UnixCredentials *a = left->image->peer_credentials, *b = right->image->peer_credentials;

	return a->pid == b->pid && a->uid == b->uid && a->gid == b->gid;
}

/*
 * One that is connected to another which has turned away from it. If others are connected to the one, it is
 * connected last, and not made so.
 */
static void find_turned_mates(const struct unix_restorer *restorer, bool has_name)
{
	for (size_t i = 0; i < restorer->objects_count; i++) {
		struct unix_object *unix_object = restorer->objects[i], *peer = unix_object->peer;

		if (!is_of_pair(unix_object) || unix_object->partner || !peer || peer == unix_object ||
		    (peer->image->name.len > 0) != has_name || !is_of_pair(peer) || peer->partner ||
		    (has_name && (unix_object->is_sought || !has_same_maker(unix_object, peer))))
			continue;
		unix_object->partner = peer;
		peer->partner = unix_object;
	}
}

/* Those that are connected to each other were made together, as far as anybody can tell. */
static void find_mates(const struct unix_restorer *restorer)
{
	for (size_t i = 0; i < restorer->objects_count; i++) {
		struct unix_object *unix_object = restorer->objects[i], *peer = unix_object->peer;

		if (peer && peer != unix_object && peer->peer != unix_object)
			peer->is_sought = true;
		if (!is_of_pair(unix_object))
			continue;
		unix_object->origin = UNIX_ORIGIN_PAIR;
		if (peer && peer != unix_object && peer->peer == unix_object && is_of_pair(peer))
			unix_object->partner = peer;
	}
	/* And no other way leads to one without a name. To one with a name there may be. */
	find_turned_mates(restorer, false);
	find_turned_mates(restorer, true);
}

/* What is connected by connect(2) must be found by its name. */
static int check_datagram(const struct unix_object *unix_object)
{
	const struct unix_object *peer = unix_object->peer;
	const Cr__UnixSocket *image = unix_object->image;

	if (peer && peer != unix_object->partner && peer->image->name.len == 0)
		return bad(unix_object, "it is connected to one without a name");
	if (is_closed(unix_object) && image->peer_name.len == 0 &&
	    (unix_object->origin == UNIX_ORIGIN_SOCKET || unix_object->partner))
		return bad(unix_object, "it was connected to one without a name");
	if (image->n_messages > 0 && image->name.len == 0 && unix_object->origin != UNIX_ORIGIN_PAIR)
		return bad(unix_object, "it has no name, but messages");
	for (size_t i = 0; image->name.len == 0 && unix_object->partner && i < image->n_messages; i++)
		if (image->messages[i]->sender_id != unix_object->partner->id)
			return bad(unix_object, "it has no name, but messages of strangers");
	return 0;
}

/* The manifest, which a person has seen, says all that is needed from outside. */
static int check_external(const struct restore *restore, const struct unix_object *unix_object)
{
	const Cr__Manifest *manifest = restore->manifest;
	const Cr__UnixSocket *image = unix_object->image;

	if (image->peer != CR__UNIX_PEER__UNIX_PEER_EXTERNAL)
		return 0;
	for (size_t i = 0; i < manifest->n_external_unix_sockets; i++) {
		const Cr__ExternalUnixSocket *record = manifest->external_unix_sockets[i];

		if (record->inode == image->inode && record->peer_name.len == image->peer_name.len &&
		    memcmp(record->peer_name.data, image->peer_name.data, image->peer_name.len) == 0 &&
		    strcmp(record->peer_path, image->peer_path) == 0)
			return 0;
	}
	return bad(unix_object, "what it is connected to outside does not stand in the manifest");
}

int unix_plan(struct restore *restore)
{
	struct unix_restorer *restorer = unix_restorer_of(restore);
	int r = 0;

	for (size_t i = 0; r == 0 && i < restorer->objects_count; i++) {
		restorer->objects[i]->object = object_find(restore, restorer->objects[i]->id);
		r = resolve(restore, restorer->objects[i]);
	}
	for (size_t i = 0; r == 0 && i < restorer->objects_count; i++)
		r = resolve_waiting(restore, restorer->objects[i]);
	for (size_t i = 0; r == 0 && i < restorer->objects_count; i++)
		if (restorer->objects[i]->image->type != SOCK_DGRAM)
			r = plan_stream(restorer, restorer->objects[i]);
	if (r == 0)
		find_mates(restorer);
	for (size_t i = 0; r == 0 && i < restorer->objects_count; i++) {
		r = resolve_messages(restore, restorer->objects[i]);
		if (r == 0 && restorer->objects[i]->image->type == SOCK_DGRAM)
			r = check_datagram(restorer->objects[i]);
		if (r == 0)
			r = check_external(restore, restorer->objects[i]);
	}
	return r;
}
