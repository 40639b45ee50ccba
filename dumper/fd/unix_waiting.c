/* SPDX-License-Identifier: MIT */
/* Unix connections that nobody has accepted yet: who has made them, and what came over them. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "dumper/fd/unix_socket.h"

static void refuse_client(struct dump *dump, const struct unix_entry *entry, const char *who)
{
	blockers_add(&dump->blockers,
		     "%s has a connection that was not accepted yet, from %s: try again when the program has "
		     "accepted it",
		     unix_describe(dump, entry->diag), who);
}

/* What a client that waits has sent. */
static int check_early_data(struct dump *dump, struct unix_entry *entry, size_t position,
			    struct unix_entry *client)
{
	const char *why = NULL;
	int r;

	if (client->diag->send_queue == 0)
		return 0;
	client->waits_for = entry;
	client->waits_at = position;
	r = unix_kernel_collect(dump, client, &why);
	if (r > 0)
		refuse_client(dump, entry,
			      arena_format(&dump->arena, "%s, by which something was sent already, %s",
					   unix_describe(dump, client->diag), why));
	return MIN(r, 0);
}

static int refuse_outside(struct dump *dump, const struct unix_entry *entry, uint32_t inode)
{
	const struct unix_diag_socket *outside = unix_diag_find(&unix_sockets_of(dump)->diag, inode);
	const char *holders = NULL;
	int r = unix_describe_holders(dump, inode, &holders);

	if (r < 0)
		return r;
	blockers_add(
		&dump->blockers,
		"%s has a connection that was not accepted yet, from %s, %s, outside of what is dumped: it "
		"would be "
		"lost; try again when the program has accepted and finished it, or dump that process as well",
		unix_describe(dump, entry->diag),
		outside ? unix_describe(dump, outside) : "a socket in another network namespace", holders);
	return unix_detail(dump, entry, "client-waits-outside", NULL, inode, inode);
}

static bool is_same_name(const ProtobufCBinaryData *name, const void *other, size_t size)
{
	return name->len == size && memcmp(name->data, other, size) == 0;
}

/* An abstract name that two have had cannot be had by both at once, as a restore would need it. */
static bool is_name_taken(struct dump *dump, uint32_t type, const Cr__UnixClient *client)
{
	const struct unix_sockets *sockets = unix_sockets_of(dump);

	for (size_t i = 0; i < sockets->diag.sockets_count; i++)
		if (sockets->diag.sockets[i].type == type &&
		    is_same_name(&client->name, sockets->diag.sockets[i].name,
				 sockets->diag.sockets[i].name_size))
			return true;
	for (size_t i = 0; i < sockets->entries_count; i++) {
		const Cr__UnixSocket *image = sockets->entries[i]->image;

		for (size_t k = 0; image->type == type && k < image->n_clients; k++)
			if (image->clients[k] != client &&
			    is_same_name(&client->name, image->clients[k]->name.data,
					 image->clients[k]->name.len))
				return true;
	}
	return false;
}

/* One that was closed before it was accepted. */
static int check_gone(struct dump *dump, struct unix_entry *entry, size_t position, Cr__UnixClient *client)
{
	const char *why = NULL;
	int r = unix_kernel_collect_client(dump, entry, position, client, &why);

	if (r == 0 && unix_name_is_abstract(&client->name) &&
	    is_name_taken(dump, entry->image->type, client)) {
		why = arena_format(&dump->arena, "and whose name, %s, others have or have had too",
				   unix_describe_name(dump, client->name.data, client->name.len));
		r = 1;
	}
	if (r > 0)
		refuse_client(dump, entry,
			      arena_format(&dump->arena,
					   "a client that has gone again, and may have sent something, %s",
					   why ? why : "which cannot be told"));
	return MIN(r, 0);
}

static int check_client(struct dump *dump, struct unix_entry *entry, size_t position, Cr__UnixClient *client)
{
	uint32_t inode = entry->diag->waiting[position];
	struct unix_entry *known = unix_entry_find(unix_sockets_of(dump), inode);
	const char *why = NULL;
	int r;

	if (inode == 0)
		return check_gone(dump, entry, position, client);
	if (!known)
		return refuse_outside(dump, entry, inode);
	entry->image->waiting_ids[position] = known->file->image.id;
	/* Whom it is taken for: where that cannot be told, for who has it. */
	r = unix_kernel_collect_client(dump, entry, position, client, &why);
	return r < 0 ? r : check_early_data(dump, entry, position, known);
}

int unix_waiting_check(struct dump *dump, struct unix_entry *entry)
{
	size_t count = entry->diag->waiting_count;
	Cr__UnixSocket *image = entry->image;
	Cr__UnixClient *clients;
	int r = 0;

	if (count == 0)
		return 0;
	clients = arena_array(&dump->arena, Cr__UnixClient, count);
	image->clients = arena_array(&dump->arena, Cr__UnixClient *, count);
	image->waiting_ids = arena_array(&dump->arena, uint32_t, count);
	if (!clients || !image->clients || !image->waiting_ids)
		return log_error_errno(-ENOMEM, "cannot note who waits to be accepted");
	image->n_waiting_ids = count;
	for (size_t i = 0; r == 0 && i < count; i++) {
		cr__unix_client__init(&clients[i]);
		image->clients[image->n_clients++] = &clients[i];
		r = check_client(dump, entry, i, &clients[i]);
	}
	entry->file->contents_size = unix_socket_contents_size(image);
	return r;
}
