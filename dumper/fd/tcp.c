/* SPDX-License-Identifier: MIT */
/* TCP sockets, at dump. */
#include "dumper/fd/tcp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>

#include "common/cleanup.h"
#include "common/vector.h"
#include "dumper/holders.h"

#define CR_TCP_AO_INFO 40
#define CR_SO_PEERNAME 28
#define CR_IP_PROTOCOL 52

static bool tcp_matches(const struct fd_info *info)
{
	struct socket_type type = info->socket;

	return inet_address_size(type.family) > 0 && type.type == SOCK_STREAM && type.protocol == IPPROTO_TCP;
}

static int tcp_sockets_new(struct dump *dump)
{
	struct tcp_sockets *sockets = calloc(1, sizeof(*sockets));
	int r;

	dump->fd_kind_states[FD_KIND_tcp] = sockets;
	if (!sockets)
		return log_error_errno(-ENOMEM, "cannot note its socket");
	r = inet_diag_read(&sockets->diag, IPPROTO_TCP);
	if (r == -ENOENT)
		return log_error_errno(-ENOSYS,
				       "this kernel does not tell about TCP sockets (CONFIG_INET_DIAG)");
	return r < 0 ? log_error_errno(r, "cannot ask about TCP sockets (sock_diag)") : 0;
}

/* What goes beyond options. */
static void check_protocols(struct dump *dump, const struct tcp_entry *entry, int fd)
{
	unsigned char buffer[64] = {0};
	socklen_t size = sizeof(buffer) - 1;

	if (getsockopt(fd, IPPROTO_TCP, TCP_ULP, buffer, &size) == 0 && size > 0)
		blockers_add(
			&dump->blockers,
			"its socket has the protocol '%s' of the kernel on it (TCP_ULP), which cannot be "
			"preserved",
			(char *)buffer);
	size = sizeof(buffer);
	if ((entry->diag && entry->diag->has_md5_keys) ||
	    getsockopt(fd, IPPROTO_TCP, CR_TCP_AO_INFO, buffer, &size) == 0)
		blockers_add(
			&dump->blockers,
			"its socket has keys for the authentication of packets (TCP_MD5SIG, TCP_AO), which "
			"cannot be preserved");
}

/* Of one without a port there is nothing but this. */
static uint32_t shutdown_by_poll(int fd)
{
	struct pollfd socket = {.fd = fd, .events = POLLRDHUP};

	return poll(&socket, 1, 0) == 1 && socket.revents & POLLRDHUP ? INET_SHUTDOWN_RECEIVE : 0;
}

/*
 * Of one that is closed, or not connected yet, only this tells the address of the other side; none, if there
 * never was one.
 */
static int collect_peer(struct dump *dump, struct tcp_entry *entry, int fd)
{
	/* It does not take room for more than there is. */
	socklen_t size = entry->inet.image->family == AF_INET ? sizeof(struct sockaddr_in)
							      : sizeof(struct sockaddr_in6);
	struct sockaddr_storage storage = {0};
	struct inet_address address;

	if (getsockopt(fd, SOL_SOCKET, CR_SO_PEERNAME, &storage, &size) < 0)
		return errno == ENOTCONN ? 0 : log_error_errno(-errno, "cannot ask for its address");
	if (!inet_address_from_sockaddr(&address, &storage, size))
		return log_error_errno(-EPROTO, "cannot understand its address");
	entry->inet.image->peer = inet_image_new(&dump->arena, &address);
	return entry->inet.image->peer ? 0 : log_error_errno(-ENOMEM, "cannot note its address");
}

/*
 * A connection that was refused has given its port back, but getsockname(2) goes on to tell it. This option
 * tells what is bound. On kernels without it (before Linux 6.4) the port is bound again.
 */
static void forget_port(struct tcp_entry *entry, int fd)
{
	Cr__InetSocket *image = entry->inet.image;
	struct inet_address address;
	int number = 0;
	socklen_t size = sizeof(number);

	if (!image->local || image->local->port == 0 ||
	    getsockopt(fd, IPPROTO_IP, CR_IP_PROTOCOL, &number, &size) < 0 || number != 0)
		return;
	image->local->port = 0;
	address = inet_image_address(image->local);
	if (inet_address_is_any(&address))
		image->local = NULL;
}

int tcp_read_state(struct dump *dump, struct tcp_entry *entry, int fd, struct tcp_info *ret_info)
{
	struct tcp_info info = {0};
	socklen_t size = sizeof(info);
	int r = 0;

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0)
		return log_error_errno(-errno, "cannot ask for the state of its socket");
	entry->state = info.tcpi_state;
	entry->image->state = info.tcpi_state;
	/* For a listening one these have another meaning, tcp_get_info() in net/ipv4/tcp.c. */
	if (entry->state == TCP_LISTEN)
		entry->image->backlog = info.tcpi_sacked;
	if (entry->state == TCP_SYN_SENT || entry->state == TCP_CLOSE)
		r = collect_peer(dump, entry, fd);
	entry->was_connected = entry->state == TCP_CLOSE && entry->inet.image->peer;
	if (r == 0 && entry->state == TCP_CLOSE && !entry->was_connected)
		forget_port(entry, fd);
	*ret_info = info;
	return r;
}

static int collect_state(struct dump *dump, const struct tcp_sockets *sockets, struct tcp_entry *entry,
			 int fd)
{
	struct tcp_info info;
	int r = tcp_read_state(dump, entry, fd, &info);

	if (r < 0)
		return r;
	entry->diag = inet_diag_find(&sockets->diag, entry->inet.inode);
	entry->inet.image->shutdown = entry->diag ? entry->diag->shutdown : shutdown_by_poll(fd);
	return tcp_collect_error(dump, entry, fd);
}

static void leave_out(Cr__SocketOptions *options, int number)
{
	size_t kept = 0;

	for (size_t i = 0; options && i < options->n_options; i++)
		if (options->options[i]->number != number)
			options->options[kept++] = options->options[i];
	if (options)
		options->n_options = kept;
}

/* Options that tell, of a connected socket, what has come of the connection, and not what was set. */
static void leave_out_outcomes(Cr__InetSocket *image)
{
	leave_out(image->protocol_options, TCP_MAXSEG);
	leave_out(image->ip_options, IP_MULTICAST_TTL);
	leave_out(image->ipv6_options, IPV6_MULTICAST_HOPS);
	image->ipv6_multicast_interface = NULL;
}

static int tcp_collect(struct dump *dump, const struct process *process, const struct fd_info *info,
		       struct open_file *file)
{
	int r = tcp_sockets_of(dump) ? 0 : tcp_sockets_new(dump);
	struct tcp_sockets *sockets = tcp_sockets_of(dump);
	struct tcp_entry *entry, **slot;

	if (r < 0)
		return r;
	entry = arena_new(&dump->arena, struct tcp_entry);
	slot = entry ? vector_append(sockets, entries) : NULL;
	if (!slot)
		return log_error_errno(-ENOMEM, "cannot note its socket");
	*slot = entry;
	entry->file = file;
	entry->image = arena_new(&dump->arena, Cr__TcpSocket);
	if (!entry->image)
		return log_error_errno(-ENOMEM, "cannot note its socket");
	cr__tcp_socket__init(entry->image);
	r = inet_socket_collect(dump, process, info, file, &socket_options_tcp, &entry->inet);
	if (r == 0 && id_map_set(&sockets->by_inode, entry->inet.inode, sockets->entries_count - 1) < 0)
		r = log_error_errno(-ENOMEM, "cannot note its socket");
	if (r == 0)
		r = collect_state(dump, sockets, entry, info->our_fd);
	if (r < 0)
		return r;
	if (tcp_is_connection(entry) || entry->was_connected)
		leave_out_outcomes(entry->inet.image);
	check_protocols(dump, entry, info->our_fd);
	entry->image->socket = entry->inet.image;
	file->entry = &entry->image->base;
	file->description = entry->inet.description;
	return 0;
}

const char *tcp_describe_connection(struct dump *dump, const struct inet_diag_socket *diag)
{
	char local[INET_ADDRESS_TEXT_SIZE], peer[INET_ADDRESS_TEXT_SIZE];
	const char *text = arena_format(&dump->arena, "%s to %s", inet_address_format(&diag->local, local),
					inet_address_format(&diag->peer, peer));

	return text ? text : "?";
}

/* In the tree itself, as messages name a place. */
struct tcp_entry *tcp_find_entry(const struct tcp_sockets *sockets, uint64_t inode)
{
	uint64_t index;

	return inode != 0 && id_map_get(&sockets->by_inode, inode, &index) ? sockets->entries[index] : NULL;
}

const char *tcp_describe_peer(struct dump *dump, const struct inet_diag_socket *diag)
{
	const struct tcp_sockets *sockets = tcp_sockets_of(dump);
	const struct inet_diag_socket *peer = inet_diag_find_peer(&sockets->diag, diag);
	const struct tcp_entry *inside = peer ? tcp_find_entry(sockets, peer->inode) : NULL;
	const struct fd_holder *holders = NULL;
	const char *text = "";
	size_t count = 0;

	if (inside)
		text = arena_format(&dump->arena, " (whose other end is %s of pid %d)", inside->inet.where,
				    (int)inside->inet.process->pidref.pid);
	else if (peer && peer->inode != 0 &&
		 holders_find(dump, &(struct fd_object){.type = FD_OBJECT_SOCKET, .inode = peer->inode},
			      &holders, &count) < 0)
		return NULL;
	else if (count > 0)
		text = arena_format(&dump->arena, " (whose other end has %s)",
				    holders_describe(dump, holders, count));
	return text ? text : "";
}

bool tcp_is_connection(const struct tcp_entry *entry)
{
	return entry->state != TCP_CLOSE && entry->state != TCP_LISTEN;
}

/* All at once, so that one search is enough; they are named in refusals only. */
static int want_peers(struct dump *dump)
{
	const struct tcp_sockets *sockets = tcp_sockets_of(dump);
	int r = 0;

	if (dump->options->has_tcp_established || dump->options->has_tcp_close)
		return 0;
	for (size_t i = 0; r == 0 && i < sockets->entries_count; i++) {
		const struct inet_diag_socket *diag = sockets->entries[i]->diag;
		const struct inet_diag_socket *peer = diag && tcp_is_connection(sockets->entries[i])
							      ? inet_diag_find_peer(&sockets->diag, diag)
							      : NULL;

		if (peer && peer->inode != 0)
			r = holders_want(dump,
					 &(struct fd_object){.type = FD_OBJECT_SOCKET, .inode = peer->inode});
	}
	return r;
}

static int refuse_connection(struct dump *dump, const struct tcp_entry *entry)
{
	const char *peer = entry->diag ? tcp_describe_peer(dump, entry->diag) : "";

	if (!peer)
		return -ENOMEM;
	INET_LOG_SCOPE(&entry->inet);
	blockers_add(&dump->blockers,
		     "%s is connected%s: give --tcp-established to both commands to keep the connection, or "
		     "--tcp-close to lose it",
		     entry->inet.description, peer);
	return 0;
}

/* Restored as if the other side had ended it. */
static void lose_connection(struct tcp_entry *entry)
{
	Cr__InetSocket *image = entry->inet.image;

	entry->state = TCP_CLOSE;
	entry->image->state = TCP_CLOSE;
	entry->was_connected = false;
	image->peer = image->local = NULL;
	image->shutdown = INET_SHUTDOWN_RECEIVE | INET_SHUTDOWN_SEND;
}

static int check_connection(struct dump *dump, struct tcp_entry *entry)
{
	const struct tcp_sockets *sockets = tcp_sockets_of(dump);
	const struct inet_diag_socket *peer =
		entry->diag ? inet_diag_find_peer(&sockets->diag, entry->diag) : NULL;

	if (dump->options->has_tcp_close) {
		lose_connection(entry);
		return 0;
	}
	if (!dump->options->has_tcp_established)
		return refuse_connection(dump, entry);
	entry->peer = peer ? tcp_find_entry(sockets, peer->inode) : NULL;
	return 0;
}

static int check_entry(struct dump *dump, struct tcp_entry *entry)
{
	int r = inet_socket_check_holders(dump, &entry->inet);

	if (r == 0 && tcp_is_connection(entry))
		r = check_connection(dump, entry);
	return r;
}

static int tcp_check_all(struct dump *dump)
{
	const struct tcp_sockets *sockets = tcp_sockets_of(dump);
	int r = sockets ? want_peers(dump) : 0;

	for (size_t i = 0; sockets && r == 0 && i < sockets->entries_count; i++)
		r = check_entry(dump, sockets->entries[i]);
	for (size_t i = 0; sockets && r == 0 && i < sockets->entries_count; i++)
		if (sockets->entries[i]->state == TCP_LISTEN)
			r = tcp_backlog_check(dump, sockets->entries[i]);
	if (r == 0 && sockets)
		r = tcp_lock_begin(dump);
	return r == 0 && sockets ? tcp_connections_read(dump) : r;
}

static int tcp_write_contents(struct dump *dump, const struct open_file *file, int our_fd maybe_unused)
{
	const struct tcp_sockets *sockets = tcp_sockets_of(dump);
	const struct tcp_entry *entry = tcp_find_entry(sockets, file->inode);

	return entry ? archive_writer_data(dump->writer, entry->contents, file->contents_size) : -ENOENT;
}

/* The connections are to live on elsewhere: nobody must hear that these sockets are closed. */
static int tcp_before_end(struct dump *dump)
{
	struct tcp_sockets *sockets = tcp_sockets_of(dump);

	if (!sockets || dump->options->aftermath != DUMP_AFTERMATH_KILL)
		return 0;
	return tcp_silence_new(dump, &sockets->silence);
}

static int tcp_after_end(struct dump *dump)
{
	struct tcp_sockets *sockets = tcp_sockets_of(dump);

	if (sockets && sockets->silence)
		tcp_silence_keep(sockets->silence);
	return sockets ? tcp_lock_leave(dump) : 0;
}

static void tcp_done(struct dump *dump)
{
	struct tcp_sockets *sockets = tcp_sockets_of(dump);

	if (!sockets)
		return;
	tcp_silence_free(sockets->silence);
	tcp_lock_free(sockets->lock);
	option_guard_free(sockets->guard);
	tcp_backlog_done(sockets);
	if (sockets->kernel)
		kernel_sockets_free(sockets->kernel);
	for (size_t i = 0; i < sockets->entries_count; i++)
		free(sockets->entries[i]->contents);
	inet_diag_done(&sockets->diag);
	id_map_done(&sockets->by_inode);
	id_map_done(&sockets->shared_ports);
	free(sockets->entries);
	free(sockets);
	dump->fd_kind_states[FD_KIND_tcp] = NULL;
}

const struct fd_dumper tcp_fd_dumper = {
	.name = "tcp",
	.matches = tcp_matches,
	.collect = tcp_collect,
	.check = tcp_check_all,
	.write_contents = tcp_write_contents,
	.before_end = tcp_before_end,
	.after_end = tcp_after_end,
	.done = tcp_done,
};
