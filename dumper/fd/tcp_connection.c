/* SPDX-License-Identifier: MIT */
/*
 * What a connection is made of, read on descriptors of our own while its socket is in TCP_REPAIR mode for a
 * moment. A guard (option_guard.h) ends that mode if we are killed in it.
 *
 * The kernel goes on receiving, acknowledging and sending for a frozen program. So a socket is read again
 * until nothing has changed meanwhile; and of two ends in the tree the one that was read first is read again,
 * if the other has been told since of something that the first had not received by then.
 */
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>

#include "common/cleanup.h"
#include "common/tcp_port.h"
#include "dumper/fd/tcp.h"

#define ROUNDS_MAX 100
/* What is sent is in pieces; the first may have been acknowledged in part, and is read whole. */
#define PIECE_SIZE_MAX ((size_t)1 << 20)

#define CR_TCP_REPAIR_OFF_NO_WP (-1)

enum { NO_QUEUE, RECEIVE_QUEUE, SEND_QUEUE };

/* One look at a socket. */
struct look {
	uint32_t received, written; /* numbers behind the last byte received, and written */
	int to_read, to_acknowledge, to_send;
};

static int get_int(int fd, int level, int number, int *ret_value)
{
	socklen_t size = sizeof(*ret_value);

	return getsockopt(fd, level, number, ret_value, &size) < 0 ? -errno : 0;
}

static int set_int(int fd, int number, int value)
{
	return setsockopt(fd, IPPROTO_TCP, number, &value, sizeof(value)) < 0 ? -errno : 0;
}

static int option_of(const struct tcp_entry *entry, int number, int fresh)
{
	return socket_options_get_int(entry->inet.image->shared_options, SOL_SOCKET, number, fresh);
}

int tcp_repair_note(struct option_guard *guard, const struct tcp_entry *entry, int fd)
{
	/* The end of the mode sets SO_REUSEADDR to 0, so this is put back behind it. */
	int r = option_guard_note(guard, fd, SOL_SOCKET, SO_REUSEADDR, option_of(entry, SO_REUSEADDR, 0));

	if (r == 0)
		r = option_guard_note(guard, fd, IPPROTO_TCP, TCP_REPAIR, CR_TCP_REPAIR_OFF_NO_WP);
	return r < 0 ? r : option_guard_note(guard, fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, NO_QUEUE);
}

static int choose_queue(int fd, int queue, uint32_t *ret_sequence)
{
	int value = 0, r = set_int(fd, TCP_REPAIR_QUEUE, queue);

	if (r == 0)
		r = get_int(fd, IPPROTO_TCP, TCP_QUEUE_SEQ, &value);
	if (r == 0)
		*ret_sequence = (uint32_t)value;
	return r;
}

static int look_at(int fd, struct look *ret_look)
{
	struct look look = {0};
	int r = choose_queue(fd, RECEIVE_QUEUE, &look.received);

	if (r == 0)
		r = choose_queue(fd, SEND_QUEUE, &look.written);
	if (r == 0 &&
	    (ioctl(fd, SIOCINQ, &look.to_read) < 0 || ioctl(fd, SIOCOUTQ, &look.to_acknowledge) < 0 ||
	     ioctl(fd, SIOCOUTQNSD, &look.to_send) < 0))
		r = -errno;
	if (r == 0)
		*ret_look = look;
	return r;
}

/* -EAGAIN: there is another number of them by now. */
static int peek(int fd, unsigned char *data, size_t size)
{
	ssize_t got = size > 0 ? recv(fd, data, size, MSG_PEEK | MSG_DONTWAIT) : 0;

	if (got < 0)
		return -errno;
	return (size_t)got == size ? 0 : -EAGAIN;
}

/* Of what is sent the first piece may begin before what has been acknowledged. */
static int peek_sent(int fd, unsigned char *data, size_t size)
{
	cleanup_free unsigned char *all = NULL;
	ssize_t got;
	int r = size > 0 ? set_int(fd, TCP_REPAIR_QUEUE, SEND_QUEUE) : 0;

	if (r < 0 || size == 0)
		return r;
	all = malloc(size + PIECE_SIZE_MAX);
	if (!all)
		return -ENOMEM;
	got = recv(fd, all, size + PIECE_SIZE_MAX, MSG_PEEK | MSG_DONTWAIT);
	if (got < 0)
		return -errno;
	if ((size_t)got < size)
		return -EAGAIN;
	memcpy(data, all + ((size_t)got - size), size);
	return 0;
}

/* The end of the stream has a number of its own. */
static void note_numbers(const struct tcp_entry *entry, const struct look *look)
{
	Cr__TcpConnection *connection = entry->image->connection;
	bool is_end_waiting = tcp_has_sent_end(entry->state) && look->to_acknowledge > 0;
	uint32_t waiting = (uint32_t)look->to_acknowledge - is_end_waiting;

	connection->receive_size = (uint32_t)look->to_read;
	connection->receive_sequence =
		look->received - (uint32_t)look->to_read - tcp_has_received_end(entry->state);
	connection->unsent_size = (uint32_t)look->to_send - (is_end_waiting && look->to_send > 0);
	connection->sent_size = waiting - connection->unsent_size;
	connection->send_sequence =
		look->written - (uint32_t)look->to_acknowledge - (entry->state == TCP_FIN_WAIT2);
	/* There the kernel says that nothing is to be acknowledged. */
	if (entry->state == TCP_SYN_SENT)
		connection->send_sequence = look->written - 1;
}

static int note_options(struct dump *dump, Cr__TcpConnection *connection, const struct tcp_info *info, int fd)
{
	struct tcp_repair_window window = {0};
	socklen_t window_size = sizeof(window);
	int value = 0, r;

	if (getsockopt(fd, IPPROTO_TCP, TCP_REPAIR_WINDOW, &window, &window_size) < 0)
		return -errno;
	connection->has_window_scale = info->tcpi_options & TCPI_OPT_WSCALE;
	connection->send_scale = connection->has_window_scale ? info->tcpi_snd_wscale : 0;
	connection->receive_scale = connection->has_window_scale ? info->tcpi_rcv_wscale : 0;
	connection->has_selective_acknowledgements = info->tcpi_options & TCPI_OPT_SACK;
	connection->has_timestamps = info->tcpi_options & TCPI_OPT_TIMESTAMPS;
	r = get_int(fd, IPPROTO_TCP, TCP_MAXSEG, &value);
	connection->segment_maximum = (uint32_t)value;
	if (r == 0)
		r = get_int(fd, IPPROTO_TCP, TCP_TIMESTAMP, &value);
	connection->timestamp = (uint32_t)value;
	connection->window = arena_new(&dump->arena, Cr__TcpWindow);
	if (r < 0 || !connection->window)
		return r < 0 ? r : -ENOMEM;
	cr__tcp_window__init(connection->window);
	connection->window->send_update = window.snd_wl1;
	connection->window->send = window.snd_wnd;
	connection->window->send_maximum = window.max_window;
	connection->window->receive = window.rcv_wnd;
	connection->window->receive_update = window.rcv_wup;
	return 0;
}

static bool is_same(const struct look *one, const struct look *other)
{
	return one->received == other->received && one->written == other->written &&
	       one->to_read == other->to_read && one->to_acknowledge == other->to_acknowledge &&
	       one->to_send == other->to_send;
}

/* In repair mode. -EAGAIN: something has changed meanwhile. */
static int read_once(struct dump *dump, struct tcp_entry *entry, int fd)
{
	Cr__TcpConnection *connection = entry->image->connection;
	struct look look, after;
	struct tcp_info info;
	int r = tcp_read_state(dump, entry, fd, &info);

	if (r < 0)
		return r;
	if (entry->state == TCP_CLOSE)
		return -ENOTCONN;
	r = look_at(fd, &look);
	if (r < 0)
		return r;
	note_numbers(entry, &look);
	free(entry->contents);
	entry->contents = malloc(tcp_contents_size(entry->image) + 1);
	if (!entry->contents)
		return -ENOMEM;
	if (connection->receive_size > 0)
		r = set_int(fd, TCP_REPAIR_QUEUE, RECEIVE_QUEUE);
	if (r == 0)
		r = peek(fd, entry->contents, connection->receive_size);
	if (r == 0)
		r = peek_sent(fd, entry->contents + connection->receive_size,
			      (size_t)connection->sent_size + connection->unsent_size);
	if (r == 0 && entry->state != TCP_SYN_SENT)
		r = note_options(dump, connection, &info, fd);
	if (r == 0)
		r = look_at(fd, &after);
	return r < 0 ? r : is_same(&look, &after) ? 0 : -EAGAIN;
}

static int enter_repair(struct option_guard *guard, const struct tcp_entry *entry, int fd)
{
	int r = 0;

	/* It would be in the way. */
	if (option_of(entry, SO_PEEK_OFF, -1) >= 0)
		r = option_guard_set(guard, fd, SOL_SOCKET, SO_PEEK_OFF, -1);
	if (r == 0)
		r = tcp_repair_note(guard, entry, fd);
	return r < 0 ? r : set_int(fd, TCP_REPAIR, 1);
}

/* One that has been closed has nothing but what it has received. */
static int read_closed(struct tcp_entry *entry, int fd)
{
	Cr__TcpConnection *connection = entry->image->connection;
	int size = 0;

	if (ioctl(fd, SIOCINQ, &size) < 0)
		return -errno;
	free(entry->contents);
	entry->contents = malloc((size_t)size + 1);
	if (!entry->contents)
		return -ENOMEM;
	connection->receive_size = (uint32_t)size;
	connection->receive_sequence = connection->send_sequence = 1;
	connection->sent_size = connection->unsent_size = 0;
	connection->window = NULL;
	entry->was_connected = true;
	return peek(fd, entry->contents, (size_t)size);
}

static int read_open(struct dump *dump, const struct tcp_sockets *sockets, struct tcp_entry *entry, int fd)
{
	cleanup_(option_guard_restorep) struct option_guard *guard = sockets->guard;
	int r = enter_repair(guard, entry, fd);

	if (r == -EPERM) {
		blockers_add(&dump->blockers, "%s is connected: to keep that takes CAP_NET_ADMIN",
			     entry->inet.description);
		return 0;
	}
	for (int round = 0; r == 0 || (r == -EAGAIN && round < ROUNDS_MAX); round++) {
		r = read_once(dump, entry, fd);
		if (r == 0)
			break;
	}
	return r;
}

/* Whether others may connect from its port too. */
static int read_port(struct tcp_sockets *sockets, const struct tcp_entry *entry)
{
	uint32_t port = entry->inet.image->local->port;
	uint64_t known = 0;

	if (!id_map_get(&sockets->shared_ports, port, &known)) {
		bool is_shared;
		int r = tcp_port_try(port, &is_shared);

		known = r == 0 && is_shared;
		if (r == 0)
			r = id_map_set(&sockets->shared_ports, port, known);
		if (r < 0)
			return r;
	}
	entry->image->connection->is_port_shared = known != 0;
	return 0;
}

static int read_entry(struct dump *dump, struct tcp_entry *entry)
{
	struct tcp_sockets *sockets = tcp_sockets_of(dump);
	cleanup_close int fd = -EBADF;
	int r = open_file_take(entry->file, &fd);

	bool was_read = entry->image->connection;

	INET_LOG_SCOPE(&entry->inet);
	if (!was_read) {
		entry->image->connection = arena_new(&dump->arena, Cr__TcpConnection);
		if (!entry->image->connection)
			return log_error_errno(-ENOMEM, "cannot note its connection");
		cr__tcp_connection__init(entry->image->connection);
	}
	if (r == 0 && !sockets->guard)
		r = option_guard_new(&sockets->guard);
	if (r == 0)
		r = tcp_urgent_check(dump, entry, fd);
	if (r == 0)
		r = entry->was_connected ? -ENOTCONN : read_open(dump, sockets, entry, fd);
	if (r == -ENOTCONN)
		r = read_closed(entry, fd);
	if (r < 0)
		return log_error_errno(r, "cannot read %s", entry->inet.description);
	if (tcp_is_connection(entry))
		r = read_port(sockets, entry);
	if (r < 0)
		return log_error_errno(r, "cannot try the port of %s", entry->inet.description);
	entry->image->connection->is_inside = tcp_is_inside(entry);
	dump->manifest->tcp_connections += tcp_is_connection(entry) && !was_read;
	entry->file->contents_size = tcp_contents_size(entry->image);
	return 0;
}

/* Behind the last that the socket had received when it was read. */
static uint32_t received_by(const struct tcp_entry *entry)
{
	const Cr__TcpConnection *connection = entry->image->connection;

	return connection->receive_sequence + connection->receive_size + tcp_has_received_end(entry->state);
}

static uint32_t acknowledged_of(const struct tcp_entry *entry)
{
	return entry->image->connection->send_sequence + (entry->state == TCP_FIN_WAIT2);
}

static bool has_numbers(const struct tcp_entry *entry)
{
	return tcp_is_connection(entry) && entry->state != TCP_SYN_SENT;
}

/* It was told of something to have arrived at PEER that was not there yet when that was read. */
static bool is_ahead_of(const struct tcp_entry *entry, const struct tcp_entry *peer)
{
	return has_numbers(entry) && has_numbers(peer) &&
	       (int32_t)(received_by(peer) - acknowledged_of(entry)) < 0;
}

static int read_again(struct dump *dump, bool *ret_is_any)
{
	const struct tcp_sockets *sockets = tcp_sockets_of(dump);
	int r = 0;

	*ret_is_any = false;
	for (size_t i = 0; r == 0 && i < sockets->entries_count; i++) {
		struct tcp_entry *entry = sockets->entries[i];

		if (!entry->peer || !is_ahead_of(entry, entry->peer))
			continue;
		r = read_entry(dump, entry->peer);
		/* One that is behind for good has been restored where a packet filter let no end through. */
		*ret_is_any |= !is_ahead_of(entry, entry->peer);
	}
	return r;
}

int tcp_connections_read(struct dump *dump)
{
	const struct tcp_sockets *sockets = tcp_sockets_of(dump);
	bool is_any = true;
	int r = 0;

	for (size_t i = 0; r == 0 && i < sockets->entries_count; i++) {
		struct tcp_entry *entry = sockets->entries[i];

		if (entry->was_connected || (tcp_is_connection(entry) && dump->options->has_tcp_established))
			r = read_entry(dump, entry);
	}
	for (int round = 0; r == 0 && is_any && round < ROUNDS_MAX; round++)
		r = read_again(dump, &is_any);
	if (r == 0 && is_any)
		return log_error_errno(-EAGAIN, "connections of the program do not come to rest");
	return r < 0 ? r : tcp_backlog_read(dump);
}
