/* SPDX-License-Identifier: MIT */
/* Whether the unix sockets of a tree make a whole: who is connected to whom, and what is outside. */
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "dumper/fd/external.h"
#include "dumper/fd/unix_socket.h"
#include "dumper/holders.h"

/* What the whole list of sockets tells, by the inode of one end. */
struct unix_graph {
	struct dump *dump;
	struct unix_sockets *sockets;
	struct id_map waits_for;       /* one that was not accepted yet: index of the listening one + 1 */
	struct unix_entry **listening; /* of the tree, in the arena */
	size_t listening_count;
};

static bool is_same_name(const ProtobufCBinaryData *left, const ProtobufCBinaryData *right)
{
	return left->len == right->len && (left->len == 0 || memcmp(left->data, right->data, left->len) == 0);
}

static void graph_done(struct unix_graph *graph)
{
	id_map_done(&graph->waits_for);
}

static int graph_fill(struct unix_graph *graph)
{
	const struct unix_diag *diag = &graph->sockets->diag;
	int r = 0;

	for (size_t i = 0; i < diag->sockets_count; i++) {
		const struct unix_diag_socket *socket = &diag->sockets[i];

		for (size_t k = 0; r == 0 && k < socket->waiting_count; k++)
			if (socket->waiting[k] != 0)
				r = id_map_set(&graph->waits_for, socket->waiting[k], i + 1);
		if (r < 0)
			return log_error_errno(r, "cannot compare unix sockets");
	}
	return 0;
}

/* The listening socket in whose queue INODE waits; NULL: it does not. */
static const struct unix_diag_socket *find_waited_for(const struct unix_graph *graph, uint32_t inode)
{
	uint64_t index;

	return id_map_get(&graph->waits_for, inode, &index) ? &graph->sockets->diag.sockets[index - 1] : NULL;
}

int unix_describe_holders(struct dump *dump, uint32_t inode, const char **ret_text)
{
	const struct fd_holder *holders = NULL;
	size_t count = 0;
	int r = holders_find(dump, &(struct fd_object){.type = FD_OBJECT_SOCKET, .inode = inode}, &holders,
			     &count);

	if (r < 0)
		return r;
	*ret_text = count > 0 ? arena_format(&dump->arena, "held by %s%s",
					     holders_describe(dump, holders, count), holders_caveat(dump))
			      : arena_format(&dump->arena, "of which no process is seen to hold it%s",
					     holders_caveat(dump));
	if (!*ret_text)
		*ret_text = "held by another process";
	return 0;
}

static int check_outside_holders(struct unix_graph *graph, const struct unix_entry *entry)
{
	struct dump *dump = graph->dump;
	const struct fd_holder *holders = NULL;
	size_t count = 0;
	int r = holders_find(dump, &(struct fd_object){.type = FD_OBJECT_SOCKET, .inode = entry->diag->inode},
			     &holders, &count);

	if (r < 0 || count == 0)
		return r;
	blockers_add(&dump->blockers,
		     "%s is also held by %s, which is not among what is dumped, and would go on using it: "
		     "dump both "
		     "(-t with a common ancestor), or start the program without that descriptor",
		     unix_describe(dump, entry->diag), holders_describe(dump, holders, count));
	return unix_detail(dump, entry, "held-outside", external_option(dump, entry->file, EXTERNAL_UNIX),
			   entry->diag->peer_inode, entry->diag->inode);
}

static int refuse_stream(struct unix_graph *graph, const struct unix_entry *entry, uint32_t peer_inode,
			 const char *how)
{
	struct dump *dump = graph->dump;
	const struct unix_diag_socket *peer = unix_diag_find(&graph->sockets->diag, peer_inode);
	const char *holders = NULL;
	int r = unix_describe_holders(dump, peer_inode, &holders);

	if (r < 0)
		return r;
	blockers_add(&dump->blockers,
		     "external socket is used: %s %s %s%s, %s; --ext-unix-sk (-x) cannot help, as a %s "
		     "connection that "
		     "was lost cannot be taken up again: dump the other process as well (-t with a common "
		     "ancestor), or let the program close the connection first, or %s",
		     unix_describe(dump, entry->diag), how,
		     peer ? unix_describe(dump, peer)
			  : arena_format(&dump->arena, "unix %s socket %u", unix_type_name(entry->diag->type),
					 peer_inode),
		     peer ? "" : " in another network namespace", holders, unix_type_name(entry->diag->type),
		     external_advice(dump, entry->file, EXTERNAL_UNIX));
	return unix_detail(dump, entry, "peer-outside", external_option(dump, entry->file, EXTERNAL_UNIX),
			   peer_inode, peer_inode);
}

/* The kernel keeps the name of what was closed for as long as somebody is connected to it. */
static int collect_peer_name(struct dump *dump, const struct unix_entry *entry)
{
	struct sockaddr_un address = {0};
	socklen_t size = sizeof(address);
	size_t head = offsetof(struct sockaddr_un, sun_path), length;
	int our_fd = -EBADF, r = 0;

	if (entry->file->process)
		r = pidref_getfd(&entry->file->process->pidref, entry->file->fd, &our_fd);
	else
		our_fd = entry->file->fd;
	if (r == 0 && getpeername(our_fd, (struct sockaddr *)&address, &size) < 0)
		r = -errno;
	if (entry->file->process)
		close_fd(&our_fd);
	if (r < 0)
		return log_error_errno(r, "cannot ask for the name of its peer");
	if (size <= head)
		return 0;
	length = MIN(size - head, sizeof(address.sun_path));
	if (address.sun_path[0] != '\0')
		length = strnlen(address.sun_path, length);
	entry->image->peer_name = arena_bytes(&dump->arena, address.sun_path, length);
	return entry->image->peer_name.data ? 0
					    : log_error_errno(-ENOMEM, "cannot note the name of its peer");
}

static void set_inside(const struct unix_entry *entry, const struct unix_entry *peer)
{
	entry->image->peer = CR__UNIX_PEER__UNIX_PEER_INSIDE;
	entry->image->peer_id = peer->file->image.id;
}

static int set_closed(struct dump *dump, const struct unix_entry *entry)
{
	entry->image->peer = CR__UNIX_PEER__UNIX_PEER_CLOSED;
	return collect_peer_name(dump, entry);
}

static int check_connected(struct unix_graph *graph, struct unix_entry *entry)
{
	const struct unix_diag_socket *diag = entry->diag;
	const struct unix_entry *peer = unix_entry_find(graph->sockets, diag->peer_inode);
	const struct unix_diag_socket *listening = find_waited_for(graph, diag->inode);

	if (!diag->has_peer)
		return 0;
	if (peer)
		set_inside(entry, peer);
	else if (diag->type == SOCK_DGRAM)
		return diag->peer_inode == 0 ? set_closed(graph->dump, entry)
					     : unix_external_check(graph->dump, entry);
	else if (diag->peer_inode != 0)
		return refuse_stream(graph, entry, diag->peer_inode, "is connected to");
	else if (listening && !unix_entry_find(graph->sockets, listening->inode))
		return refuse_stream(graph, entry, listening->inode, "waits to be accepted by");
	else if (listening)
		entry->image->peer = CR__UNIX_PEER__UNIX_PEER_WAITING;
	else
		return set_closed(graph->dump, entry);
	return 0;
}

/* Which listening socket of the tree it was accepted by. */
static void find_listener(const struct unix_graph *graph, const struct unix_entry *entry)
{
	for (size_t i = 0; i < graph->listening_count; i++) {
		const struct unix_entry *other = graph->listening[i];

		if (other->image->type == entry->image->type &&
		    is_same_name(&other->image->name, &entry->image->name)) {
			entry->image->listener_id = other->file->image.id;
			return;
		}
	}
}

/* Somebody outside who sends to a socket of the tree: connected to it, he is refused by what a restore makes.
 */
static int check_outside_client(struct unix_graph *graph, const struct unix_diag_socket *client)
{
	const struct unix_entry *entry = unix_entry_find(graph->sockets, client->peer_inode);
	const char *holders = NULL;
	int r;

	/* Of two that are connected to each other the one inside tells. */
	if (!entry || entry->is_external || client->type != SOCK_DGRAM || client->inode == 0 ||
	    unix_entry_find(graph->sockets, client->inode) || entry->diag->peer_inode == client->inode)
		return 0;
	r = unix_describe_holders(graph->dump, client->inode, &holders);
	if (r < 0)
		return r;
	UNIX_LOG_SCOPE(entry);
	blockers_add(&graph->dump->blockers,
		     "%s is what %s is connected to, %s, outside of what is dumped: it could not send any "
		     "more; dump "
		     "that process as well (-t with a common ancestor), or end it",
		     unix_describe(graph->dump, entry->diag), unix_describe(graph->dump, client), holders);
	return unix_detail(graph->dump, entry, "client-outside", NULL, client->inode, client->inode);
}

static int check_entry(struct unix_graph *graph, struct unix_entry *entry)
{
	int r;

	if (entry->file->process) {
		entry->process = entry->file->process;
		entry->fd = entry->file->fd;
		entry->is_in_queue = false;
	}
	UNIX_LOG_SCOPE(entry);
	r = check_outside_holders(graph, entry);
	if (r < 0)
		return r;
	if (entry->image->is_accepted)
		find_listener(graph, entry);
	return entry->image->is_listening ? unix_waiting_check(graph->dump, entry)
					  : check_connected(graph, entry);
}

/* What may lead outside is of no more interest here. */
static int check_or_inherit(struct unix_graph *graph, struct unix_entry *entry)
{
	size_t count = graph->dump->blockers.texts_count;
	int r = check_entry(graph, entry);

	if (r == 0)
		r = external_settle(graph->dump, entry->file, count);
	entry->is_external = r > 0;
	return MIN(r, 0);
}

static int want(struct dump *dump, const struct unix_sockets *sockets, uint32_t inode)
{
	if (inode == 0 || unix_entry_find(sockets, inode))
		return 0;
	return holders_want(dump, &(struct fd_object){.type = FD_OBJECT_SOCKET, .inode = inode});
}

/* The other end of what is inside, and who waits there, or is waited for. */
static int want_others(struct dump *dump, const struct unix_sockets *sockets,
		       const struct unix_diag_socket *socket)
{
	bool is_inside = unix_entry_find(sockets, socket->inode);
	int r = 0;

	if (is_inside)
		r = want(dump, sockets, socket->peer_inode);
	else if (unix_entry_find(sockets, socket->peer_inode))
		r = want(dump, sockets, socket->inode);
	for (size_t k = 0; r == 0 && k < socket->waiting_count; k++) {
		if (is_inside)
			r = want(dump, sockets, socket->waiting[k]);
		else if (unix_entry_find(sockets, socket->waiting[k]))
			r = want(dump, sockets, socket->inode);
	}
	return r;
}

int unix_graph_want(struct dump *dump)
{
	const struct unix_sockets *sockets = unix_sockets_of(dump);
	int r = 0;

	for (size_t i = 0; sockets && r == 0 && i < sockets->diag.sockets_count; i++)
		r = want_others(dump, sockets, &sockets->diag.sockets[i]);
	return r;
}

static int find_listening(struct unix_graph *graph)
{
	graph->listening =
		arena_array(&graph->dump->arena, struct unix_entry *, graph->sockets->entries_count);
	if (!graph->listening)
		return log_error_errno(-ENOMEM, "cannot compare unix sockets");
	for (size_t i = 0; i < graph->sockets->entries_count; i++)
		if (graph->sockets->entries[i]->image->is_listening)
			graph->listening[graph->listening_count++] = graph->sockets->entries[i];
	return 0;
}

int unix_graph_check(struct dump *dump)
{
	cleanup_(graph_done) struct unix_graph graph = {.dump = dump, .sockets = unix_sockets_of(dump)};
	int r;

	if (!graph.sockets)
		return 0;
	r = graph_fill(&graph);
	if (r == 0)
		r = find_listening(&graph);
	for (size_t i = 0; r == 0 && i < graph.sockets->entries_count; i++)
		r = unix_queue_check(dump, graph.sockets->entries[i]);
	for (size_t i = 0; r == 0 && i < graph.sockets->entries_count; i++)
		if (graph.sockets->entries[i]->diag)
			r = check_or_inherit(&graph, graph.sockets->entries[i]);
	for (size_t i = 0; r == 0 && i < graph.sockets->diag.sockets_count; i++)
		r = check_outside_client(&graph, &graph.sockets->diag.sockets[i]);
	return r < 0 ? r : unix_senders_check(dump);
}
