/* SPDX-License-Identifier: MIT */
/* Looks at connections that wait to be accepted. */
#include "common/accept_queue.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "common/kernel_buffer.h"
#include "common/vector.h"

/* Looks at one that the kernel is at work on. */
#define ROUNDS_MAX 1000
/* Of one queue; the kernel's own limit is far below (net.core.somaxconn). */
#define CONNECTIONS_MAX 1000000
#define BYTES_MAX (UINT32_C(1) << 30)

/* X(name, path): the members that are looked at. */
#define MEMBERS(X)                                                                                           \
	X(listener_first, "inet_connection_sock.icsk_accept_queue.rskq_accept_head")                         \
	X(request_next, "request_sock.dl_next")                                                              \
	X(request_sock, "request_sock.sk")                                                                   \
	X(sock_cookie, "sock_common.skc_cookie")                                                             \
	X(sock_flags, "sock_common.skc_flags")                                                               \
	X(sock_state, "sock_common.skc_state")                                                               \
	X(sock_queue, "sock.sk_receive_queue")                                                               \
	X(queue_next, "sk_buff_head.next")                                                                   \
	X(tcp_read, "tcp_sock.copied_seq")                                                                   \
	X(tcp_received, "tcp_sock.rcv_nxt")                                                                  \
	X(tcp_urgent, "tcp_sock.urg_data")                                                                   \
	X(buffer_next, "sk_buff.next")                                                                       \
	X(buffer_control, "sk_buff.cb")                                                                      \
	X(control_sequence, "tcp_skb_cb.seq")

/*
 * Options of a socket that it gets from the one that listens, as they are at that moment. Not here: sizes of
 * buffers, which the kernel changes, and what the one who connects has a part in.
 */
static const char *const inherited[] = {
	"sock.sk_lingertime",
	"sock.sk_rcvlowat",
	"sock.sk_rcvtimeo",
	"sock.sk_sndtimeo",
	"tcp_sock.nonagle",
	"tcp_sock.keepalive_time",
	"tcp_sock.keepalive_intvl",
	"tcp_sock.keepalive_probes",
	"tcp_sock.linger2",
	"tcp_sock.notsent_lowat",
	"inet_connection_sock.icsk_user_timeout",
	"inet_connection_sock.icsk_syn_retries",
};

/* Bits of sock.sk_flags, enum sock_flags of include/net/sock.h: SO_OOBINLINE, SO_KEEPALIVE, SO_LINGER,
 * SO_TIMESTAMP, SO_TIMESTAMPNS, SO_DONTROUTE. */
#define INHERITED_FLAGS (UINT64_C(1) << 2 | 1 << 3 | 1 << 4 | 1 << 11 | 1 << 12 | 1 << 13)

struct accept_queues {
	struct kernel_sockets *sockets;
	struct kernel_member inherited[ARRAY_SIZE(inherited)]; /* size 0: not in this kernel */
	struct kernel_buffers buffers;
	MEMBERS(KERNEL_MEMBER_DECLARE)
};

/* Where a socket is in the stream. */
struct position {
	uint64_t state, read, received, urgent;
};

/* Bytes that are gathered from the buffers of a socket, in their order. */
struct gathering {
	uint32_t next, end; /* sequence numbers */
	unsigned char *bytes;
	size_t size;
};

void accept_queues_free(struct accept_queues *queues)
{
	if (queues->sockets)
		kernel_sockets_free(queues->sockets);
	free(queues);
}

static int find_members(struct accept_queues *members)
{
	const struct kernel_member_path paths[] = {MEMBERS(KERNEL_MEMBER_PATH)};
	struct kernel_types *types = members->sockets->types;
	int r = kernel_types_find_all(types, paths, ARRAY_SIZE(paths));

	if (r == 0)
		r = kernel_buffers_find(&members->buffers, members->sockets->memory, types);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(inherited); i++) {
		r = kernel_types_find(types, inherited[i], &members->inherited[i]);
		if (r == -ENOENT)
			r = 0;
	}
	return r;
}

int accept_queues_open(struct accept_queues **ret_queues)
{
	cleanup_(accept_queues_freep) struct accept_queues *queues = calloc(1, sizeof(*queues));
	int r = queues ? kernel_sockets_open(&queues->sockets) : -ENOMEM;

	if (r == 0)
		r = find_members(queues);
	if (r < 0)
		return r;
	*ret_queues = take_ptr(queues);
	return 0;
}

static int get(struct accept_queues *queues, struct kernel_address address,
	       const struct kernel_member *member, uint64_t *ret)
{
	return kernel_memory_read_member(queues->sockets->memory, address, member, ret);
}

static int read_position(struct accept_queues *queues, struct kernel_address sock, struct position *ret)
{
	int r = get(queues, sock, &queues->sock_state, &ret->state);

	if (r == 0)
		r = get(queues, sock, &queues->tcp_read, &ret->read);
	if (r == 0)
		r = get(queues, sock, &queues->tcp_received, &ret->received);
	return r < 0 ? r : get(queues, sock, &queues->tcp_urgent, &ret->urgent);
}

static bool is_same(const struct position *one, const struct position *other)
{
	return one->state == other->state && one->read == other->read && one->received == other->received &&
	       one->urgent == other->urgent;
}

/* The end of the stream has a number of its own. */
static void note_position(struct waiting_connection *connection, const struct position *position)
{
	connection->state = (uint8_t)position->state;
	connection->has_urgent = position->urgent != 0;
	connection->sequence = (uint32_t)position->read;
	connection->size =
		(uint32_t)(position->received - position->read) - (position->state == TCP_CLOSE_WAIT);
}

void accept_queue_done(struct accept_queue *queue)
{
	for (size_t i = 0; i < queue->items_count; i++)
		free(queue->items[i].bytes);
	free(queue->items);
	*queue = (struct accept_queue){0};
}

static int compare_options(struct accept_queues *queues, struct kernel_address listener,
			   struct kernel_address sock, bool *ret_are_other)
{
	uint64_t one = 0, other = 0;
	int r = get(queues, listener, &queues->sock_flags, &one);

	if (r == 0)
		r = get(queues, sock, &queues->sock_flags, &other);
	*ret_are_other = (one ^ other) & INHERITED_FLAGS;
	for (size_t i = 0; r == 0 && !*ret_are_other && i < ARRAY_SIZE(inherited); i++) {
		if (queues->inherited[i].size == 0)
			continue;
		r = get(queues, listener, &queues->inherited[i], &one);
		if (r == 0)
			r = get(queues, sock, &queues->inherited[i], &other);
		*ret_are_other = one != other;
	}
	return r;
}

static int append(struct accept_queues *queues, struct kernel_address listener, struct kernel_address request,
		  struct accept_queue *queue)
{
	struct waiting_connection *connection = vector_append(queue, items);
	struct position position;
	int r;

	if (!connection)
		return -ENOMEM;
	*connection = (struct waiting_connection){0};
	r = get(queues, request, &queues->request_sock, &connection->sock.value);
	if (r == 0)
		r = get(queues, connection->sock, &queues->sock_cookie, &connection->cookie);
	if (r == 0)
		r = read_position(queues, connection->sock, &position);
	if (r == 0)
		note_position(connection, &position);
	return r < 0 ? r : compare_options(queues, listener, connection->sock, &connection->has_own_options);
}

int accept_queue_read(struct accept_queues *queues, int fd, struct accept_queue *ret_queue)
{
	cleanup_(accept_queue_done) struct accept_queue queue = {0};
	struct kernel_address listener = {0}, at = {0};
	int r = kernel_sockets_locate(queues->sockets, fd, &listener);

	if (r == 0)
		r = get(queues, listener, &queues->listener_first, &at.value);
	while (r == 0 && at.value != 0) {
		if (queue.items_count >= CONNECTIONS_MAX)
			return -ENOTSUP;
		r = append(queues, listener, at, &queue);
		if (r == 0)
			r = get(queues, at, &queues->request_next, &at.value);
	}
	if (r < 0)
		return r;
	*ret_queue = queue;
	queue = (struct accept_queue){0};
	return 0;
}

static int gather_buffer(struct accept_queues *queues, struct kernel_address address,
			 struct gathering *gathering)
{
	uint64_t sequence = 0;
	struct kernel_buffer buffer = {0};
	size_t skip, size;
	int r = get(queues, kernel_offset(address, queues->buffer_control.offset), &queues->control_sequence,
		    &sequence);

	if (r == 0)
		r = kernel_buffer_find(&queues->buffers, address, &buffer);
	if (r < 0)
		return r;
	/* A gap, or less than there should be: it is being changed. */
	skip = gathering->next - (uint32_t)sequence;
	if (skip > buffer.size)
		return buffer.size == 0 ? 0 : -EAGAIN;
	size = (size_t)buffer.size - skip;
	if (size > gathering->end - gathering->next)
		return -EAGAIN;
	r = kernel_buffer_read(&queues->buffers, &buffer, skip,
			       gathering->bytes + (gathering->size - (gathering->end - gathering->next)),
			       size);
	gathering->next += (uint32_t)size;
	return r;
}

static int gather_all(struct accept_queues *queues, struct kernel_address sock, struct gathering *gathering)
{
	const struct kernel_address queue = kernel_offset(sock, queues->sock_queue.offset);
	struct kernel_address buffer = {0};
	int r = get(queues, queue, &queues->queue_next, &buffer.value);

	while (r == 0 && buffer.value != queue.value && gathering->next != gathering->end) {
		r = gather_buffer(queues, buffer, gathering);
		if (r == 0)
			r = get(queues, buffer, &queues->buffer_next, &buffer.value);
	}
	/* Whatever does not fit together may have been changed under our eyes. */
	if (r == -EFAULT || (r == 0 && gathering->next != gathering->end))
		return -EAGAIN;
	return r;
}

static int read_once(struct accept_queues *queues, struct waiting_connection *connection)
{
	struct gathering gathering;
	struct position before, after;
	int r = read_position(queues, connection->sock, &before);

	if (r < 0)
		return r;
	note_position(connection, &before);
	if (connection->size > BYTES_MAX)
		return -EAGAIN;
	free(connection->bytes);
	connection->bytes = malloc((size_t)connection->size + 1);
	if (!connection->bytes)
		return -ENOMEM;
	gathering = (struct gathering){
		.next = connection->sequence,
		.end = connection->sequence + connection->size,
		.bytes = connection->bytes,
		.size = connection->size,
	};
	r = gather_all(queues, connection->sock, &gathering);
	if (r == 0)
		r = read_position(queues, connection->sock, &after);
	return r < 0 ? r : is_same(&before, &after) ? 0 : -EAGAIN;
}

int waiting_connection_read(struct accept_queues *queues, struct waiting_connection *connection)
{
	int r = -EAGAIN;

	for (int round = 0; r == -EAGAIN && round < ROUNDS_MAX; round++)
		r = read_once(queues, connection);
	return r;
}
