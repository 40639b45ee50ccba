/* SPDX-License-Identifier: MIT */
/*
 * Connections that a listening socket has taken, or is about to, and that nobody has accepted.
 *
 * Where the other end is of the tree as well, cr-restore connects it again. What has come over such a
 * connection is nowhere but in the queue of a socket that nobody holds, so it is looked at in the kernel's
 * memory; it is kept as something that the other end has not sent yet.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "common/vector.h"
#include "dumper/fd/tcp.h"
#include "dumper/holders.h"

/* More would make a message nobody reads. */
#define DESCRIBED_MAX 3

/* Connections of a listening socket that cannot be kept. */
struct lost {
	size_t count;
	const char *text; /* where they come from, in the arena */
	const char *help; /* what would keep them; "" */
};

/* One that is nobody's and at the address of the listening one. What a program has closed is in other states.
 */
static bool is_waiting(const struct inet_diag_socket *listener, const struct inet_diag_socket *socket)
{
	struct inet_address own = inet_address_unmap(&listener->local),
			    at = inet_address_unmap(&socket->local);

	if (socket->inode != 0 || socket->local.port != listener->local.port)
		return false;
	if (socket->state != TCP_ESTABLISHED && socket->state != TCP_CLOSE_WAIT &&
	    socket->state != TCP_SYN_RECV)
		return false;
	return inet_address_is_any(&listener->local) || inet_address_is_equal(&own, &at);
}

/* SOCKET: NULL if sock_diag does not tell of it. WHY: "", or in brackets. */
static int lose(struct dump *dump, struct lost *lost, const struct inet_diag_socket *socket, const char *why)
{
	char address[INET_ADDRESS_TEXT_SIZE];
	const char *peer;

	if (++lost->count > DESCRIBED_MAX)
		return 0;
	peer = socket ? tcp_describe_peer(dump, socket) : "";
	if (!peer)
		return -ENOMEM;
	lost->text = arena_format(&dump->arena, "%s%s%s%s%s", lost->text, lost->count > 1 ? ", " : "",
				  socket ? inet_address_format(&socket->peer, address) : "a closed socket",
				  peer, why);
	return lost->text ? 0 : -ENOMEM;
}

/* Those that sock_diag tells of; one that has been reset since it does not, but counts it. */
static int lose_all(struct dump *dump, const struct tcp_entry *entry, struct lost *lost)
{
	const struct tcp_sockets *sockets = tcp_sockets_of(dump);
	int r = 0;

	for (size_t i = 0; r == 0 && i < sockets->diag.sockets_count; i++)
		if (is_waiting(entry->diag, &sockets->diag.sockets[i]))
			r = lose(dump, lost, &sockets->diag.sockets[i], "");
	while (r == 0 && lost->count < entry->diag->receive_queue)
		r = lose(dump, lost, NULL, "");
	return r;
}

static const struct inet_diag_socket *find_cookie(const struct tcp_sockets *sockets, uint64_t cookie)
{
	for (size_t i = 0; cookie != 0 && i < sockets->diag.sockets_count; i++)
		if (sockets->diag.sockets[i].cookie == cookie)
			return &sockets->diag.sockets[i];
	return NULL;
}

/*
 * How well a listening socket fits a connection to SOCKET's address, 0: not at all. The kernel takes the one
 * that fits best, __inet_lookup_listener() in net/ipv4/inet_hashtables.c.
 */
static int fit(const struct inet_diag_socket *listener, const struct inet_diag_socket *socket)
{
	struct inet_address own = inet_address_unmap(&listener->local),
			    at = inet_address_unmap(&socket->local);
	bool is_any = inet_address_is_any(&listener->local);

	if (own.port != at.port)
		return 0;
	if (listener->local.family == AF_INET6 && at.family == AF_INET && listener->is_v6_only)
		return 0;
	if (listener->local.family == AF_INET && at.family == AF_INET6)
		return 0;
	if (!is_any && !inet_address_is_equal(&own, &at))
		return 0;
	return 1 + (listener->local.family == at.family) + 2 * !is_any;
}

/* Others listen there, so that it is not foreseeable that a new connection comes to the same. */
static bool is_contested(const struct tcp_sockets *sockets, const struct inet_diag_socket *listener,
			 const struct inet_diag_socket *socket)
{
	int own = fit(listener, socket);

	for (size_t i = 0; i < sockets->diag.sockets_count; i++) {
		const struct inet_diag_socket *other = &sockets->diag.sockets[i];

		if (other != listener && other->state == TCP_LISTEN && fit(other, socket) >= own)
			return true;
	}
	return false;
}

/* Why a connection cannot be kept, in brackets; "": it comes from outside; NULL: it can be. */
static const char *why_not(const struct waiting_connection *waiting, const struct tcp_entry *from,
			   bool is_contested)
{
	if (waiting->state != TCP_ESTABLISHED && waiting->state != TCP_CLOSE_WAIT)
		return " (which has been reset)";
	if (from && from->state != TCP_ESTABLISHED && from->state != TCP_FIN_WAIT1 &&
	    from->state != TCP_FIN_WAIT2)
		return "";
	if (waiting->has_urgent)
		return " (which has sent urgent data)";
	if (waiting->has_own_options)
		return " (which has other options than the socket that listens has by now)";
	return is_contested ? " (to one of several sockets that listen at this address)" : NULL;
}

/* Who has sent all and closed its socket, so that it is the kernel's, here, and waits for the end. */
static bool is_gone(const struct waiting_connection *waiting, const struct inet_diag_socket *peer)
{
	return peer->inode == 0 && (peer->state == TCP_FIN_WAIT1 || peer->state == TCP_FIN_WAIT2) &&
	       waiting->state == TCP_CLOSE_WAIT;
}

static int note_gone(struct dump *dump, struct tcp_entry *entry, struct waiting_connection *waiting,
		     const struct inet_diag_socket *peer)
{
	Cr__TcpGone *gone = arena_new(&dump->arena, Cr__TcpGone);
	Cr__InetSocket *socket = arena_new(&dump->arena, Cr__InetSocket);

	if (!gone || !socket)
		return -ENOMEM;
	cr__tcp_gone__init(gone);
	cr__inet_socket__init(socket);
	gone->socket = socket;
	socket->family = peer->local.family;
	socket->type = SOCK_STREAM;
	socket->protocol = IPPROTO_TCP;
	socket->uid = peer->uid;
	socket->gid = 0;
	socket->local = inet_image_new(&dump->arena, &peer->local);
	socket->peer = inet_image_new(&dump->arena, &peer->peer);
	if (!socket->local || !socket->peer)
		return -ENOMEM;
	entry->gone[entry->image->n_gone] = waiting;
	entry->image->gone[entry->image->n_gone++] = gone;
	entry->image->waiting[entry->image->n_waiting++] = 0;
	return 0;
}

static int note_waiting(struct dump *dump, struct tcp_entry *entry, const struct accept_queue *queue,
			struct lost *lost)
{
	const struct tcp_sockets *sockets = tcp_sockets_of(dump);
	int r = 0;

	entry->image->waiting = arena_array(&dump->arena, uint32_t, queue->items_count);
	entry->image->gone = arena_array(&dump->arena, Cr__TcpGone *, queue->items_count);
	entry->gone = arena_array(&dump->arena, struct waiting_connection *, queue->items_count);
	if (!entry->image->waiting || !entry->image->gone || !entry->gone)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < queue->items_count; i++) {
		struct waiting_connection *waiting = &queue->items[i];
		const struct inet_diag_socket *socket = find_cookie(sockets, waiting->cookie);
		const struct inet_diag_socket *peer =
			socket ? inet_diag_find_peer(&sockets->diag, socket) : NULL;
		struct tcp_entry *from = peer ? tcp_find_entry(sockets, peer->inode) : NULL;
		const char *why =
			why_not(waiting, from, socket && is_contested(sockets, entry->diag, socket));

		if (!why && !from && !(peer && is_gone(waiting, peer)))
			why = "";
		if (why) {
			r = lose(dump, lost, socket, why);
		} else if (!from) {
			r = note_gone(dump, entry, waiting, peer);
		} else {
			from->waiting = waiting;
			entry->image->waiting[entry->image->n_waiting++] = from->file->image.id;
		}
	}
	/* A listening socket takes some as soon as it can, or when they have sent something. */
	for (size_t i = 0; r == 0 && i < sockets->diag.sockets_count; i++)
		if (sockets->diag.sockets[i].state == TCP_SYN_RECV &&
		    is_waiting(entry->diag, &sockets->diag.sockets[i]))
			r = lose(dump, lost, &sockets->diag.sockets[i], " (which is not established yet)");
	return r;
}

static int open_queues(struct tcp_sockets *sockets)
{
	return sockets->accept_queues ? 0 : accept_queues_open(&sockets->accept_queues);
}

static int keep(struct dump *dump, struct tcp_entry *entry, struct lost *lost)
{
	struct tcp_sockets *sockets = tcp_sockets_of(dump);
	struct accept_queue *queue;
	cleanup_close int fd = -EBADF;
	int r = open_file_take(entry->file, &fd);

	if (r < 0)
		return r;
	queue = vector_append(sockets, queues);
	if (!queue)
		return -ENOMEM;
	r = open_queues(sockets);
	if (r == 0)
		r = accept_queue_read(sockets->accept_queues, fd, queue);
	if (r == 0)
		return note_waiting(dump, entry, queue, lost);
	if (r == -ENOMEM)
		return r;
	lost->help = arena_format(&dump->arena,
				  "run cr-dump with CAP_BPF and CAP_PERFMON, so that the kernel lets it see "
				  "them (%s), ",
				  strerror(-r));
	return lost->help ? lose_all(dump, entry, lost) : -ENOMEM;
}

static bool has_any(const struct tcp_sockets *sockets, const struct tcp_entry *entry)
{
	bool has_any = entry->diag->receive_queue > 0;

	for (size_t i = 0; !has_any && i < sockets->diag.sockets_count; i++)
		has_any = is_waiting(entry->diag, &sockets->diag.sockets[i]);
	return has_any;
}

int tcp_backlog_check(struct dump *dump, struct tcp_entry *entry)
{
	struct lost lost = {.text = "", .help = ""};
	const char *more;
	int r;

	INET_LOG_SCOPE(&entry->inet);
	if (!entry->diag || !has_any(tcp_sockets_of(dump), entry))
		return 0;
	if (dump->options->has_tcp_established && !dump->options->is_in_flight_skipped)
		r = keep(dump, entry, &lost);
	else
		r = lose_all(dump, entry, &lost);
	if (r < 0)
		return log_error_errno(r, "cannot see which connections wait for %s",
				       entry->inet.description);
	more = lost.count > DESCRIBED_MAX ? " ..." : "";
	if (lost.count == 0)
		return 0;
	if (dump->options->is_in_flight_skipped)
		log_notice("%s: %zu connections that nobody has accepted are left out: from %s%s",
			   entry->inet.description, lost.count, lost.text, more);
	else
		blockers_add(
			&dump->blockers,
			"%s has %zu connections that nobody has accepted, which cannot be preserved: from "
			"%s%s; %slet the program accept them, or give --skip-in-flight to cut them off",
			entry->inet.description, lost.count, lost.text, more, lost.help);
	return 0;
}

/*
 * Of what the entry had to send when it was read some may have arrived since, but nothing can have been
 * added. The end of the stream is not counted.
 */
static int join(struct tcp_entry *entry, const struct waiting_connection *waiting)
{
	Cr__TcpConnection *connection = entry->image->connection;
	size_t to_send = (size_t)connection->sent_size + connection->unsent_size;
	size_t arrived = waiting->sequence + waiting->size - connection->send_sequence;
	unsigned char *contents;

	if (connection->receive_size > 0 || arrived > to_send)
		return -EPROTO;
	if (waiting->size + to_send - arrived > TCP_QUEUE_SIZE_MAX)
		return -ENOTSUP;
	contents = malloc(waiting->size + to_send - arrived + 1);
	if (!contents)
		return -ENOMEM;
	memcpy(contents, waiting->bytes, waiting->size);
	memcpy(contents + waiting->size, entry->contents + arrived, to_send - arrived);
	free(entry->contents);
	entry->contents = contents;
	connection->is_waiting = true;
	connection->send_sequence = waiting->sequence;
	connection->sent_size = 0;
	connection->unsent_size = (uint32_t)(waiting->size + to_send - arrived);
	connection->window = NULL;
	entry->file->contents_size = tcp_contents_size(entry->image);
	return 0;
}

/* 1: a blocker has been added. */
static int read_connection(struct dump *dump, const struct tcp_entry *entry,
			   struct waiting_connection *waiting, const struct tcp_entry *from)
{
	int r = waiting_connection_read(tcp_sockets_of(dump)->accept_queues, waiting);

	if (r == 0 && why_not(waiting, from, false))
		r = -ECONNRESET;
	if (r != -ENOTSUP)
		return r;
	blockers_add(
		&dump->blockers,
		"%s has a connection that nobody has accepted, and what has come over it waits in a way that "
		"this cr-dump does not know: let the program accept it, or give --skip-in-flight to cut "
		"it off",
		entry->inet.description);
	return 1;
}

static int read_waiting(struct dump *dump, struct tcp_entry *entry)
{
	int r = read_connection(dump, entry, entry->waiting, entry);

	return r == 0 ? join(entry, entry->waiting) : MIN(r, 0);
}

/* One after the other. */
static int read_gone(struct dump *dump, struct tcp_entry *entry)
{
	size_t size = 0;

	for (size_t i = 0; i < entry->image->n_gone; i++) {
		struct waiting_connection *waiting = entry->gone[i];
		int r = read_connection(dump, entry, waiting, NULL);
		unsigned char *grown;

		if (r != 0)
			return MIN(r, 0);
		grown = realloc(entry->contents, size + waiting->size + 1);
		if (!grown)
			return -ENOMEM;
		entry->contents = grown;
		memcpy(grown + size, waiting->bytes, waiting->size);
		size += waiting->size;
		entry->image->gone[i]->size = waiting->size;
	}
	entry->file->contents_size = size;
	return 0;
}

int tcp_backlog_read(struct dump *dump)
{
	const struct tcp_sockets *sockets = tcp_sockets_of(dump);
	int r = 0;

	for (size_t i = 0; r == 0 && i < sockets->entries_count; i++) {
		struct tcp_entry *entry = sockets->entries[i];

		INET_LOG_SCOPE(&entry->inet);
		if (entry->waiting)
			r = read_waiting(dump, entry);
		else if (entry->image->n_gone > 0)
			r = read_gone(dump, entry);
		if (r < 0)
			r = log_error_errno(r, "cannot read what has come over connections of %s",
					    entry->inet.description);
	}
	return r;
}

void tcp_backlog_done(struct tcp_sockets *sockets)
{
	if (sockets->accept_queues)
		accept_queues_free(sockets->accept_queues);
	for (size_t i = 0; i < sockets->queues_count; i++)
		accept_queue_done(&sockets->queues[i]);
	free(sockets->queues);
}
