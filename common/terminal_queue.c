/* SPDX-License-Identifier: MIT */
/* What waits in a pseudo-terminal. */
#include "common/terminal_queue.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <linux/tty.h>
#include <time.h>

/* Looks, a millisecond apart, at ends that the kernel is at work on. */
#define ROUNDS_MAX 1000

#define FLAGS_SIZE (TERMINAL_QUEUE_SIZE / 8)

/* Structures in a list: opened files, buffers. */
#define LIST_MAX 100000

#define MASK(index) ((index) % TERMINAL_QUEUE_SIZE)

/* X(name, path): the members that are looked at. */
#define MEMBERS(X)                                                                                           \
	X(file_private, "file.private_data")                                                                 \
	X(private_tty, "tty_file_private.tty")                                                               \
	X(tty_link, "tty_struct.link")                                                                       \
	X(tty_port, "tty_struct.port")                                                                       \
	X(tty_ldisc, "tty_struct.ldisc")                                                                     \
	X(tty_data, "tty_struct.disc_data")                                                                  \
	X(tty_files, "tty_struct.tty_files")                                                                 \
	X(tty_stopped, "tty_struct.flow.stopped")                                                            \
	X(tty_stopped_by_call, "tty_struct.flow.tco_stopped")                                                \
	X(tty_packet_events, "tty_struct.ctrl.pktstatus")                                                    \
	X(ldisc_ops, "tty_ldisc.ops")                                                                        \
	X(ops_number, "tty_ldisc_ops.num")                                                                   \
	X(port_head, "tty_port.buf.head")                                                                    \
	X(port_lock, "tty_port.buf.lock.owner")                                                              \
	X(buffer_next, "tty_buffer.next")                                                                    \
	X(buffer_commit, "tty_buffer.commit")                                                                \
	X(buffer_read, "tty_buffer.read")                                                                    \
	X(buffer_data, "tty_buffer.data")                                                                    \
	X(data_head, "n_tty_data.read_head")                                                                 \
	X(data_canonical_head, "n_tty_data.canon_head")                                                      \
	X(data_tail, "n_tty_data.read_tail")                                                                 \
	X(data_bytes, "n_tty_data.read_buf")                                                                 \
	X(data_flags, "n_tty_data.read_flags")                                                               \
	X(data_echo_head, "n_tty_data.echo_head")                                                            \
	X(data_echo_tail, "n_tty_data.echo_tail")                                                            \
	X(data_literal_next, "n_tty_data.lnext")                                                             \
	X(data_erasing, "n_tty_data.erasing")                                                                \
	X(data_canonical, "n_tty_data.icanon")                                                               \
	X(data_push, "n_tty_data.push")

struct terminal_queues {
	struct kernel_memory *memory;
	struct kernel_descriptors descriptors;
	MEMBERS(KERNEL_MEMBER_DECLARE)
};

/* The parts of one end's state that change when the kernel moves bytes. */
struct position {
	uint64_t head, canonical_head, tail;
	uint64_t buffer, commit, read; /* of the first waiting buffer */
	uint64_t lock;                 /* not 0: bytes are being moved */
};

void terminal_queue_done(struct terminal_queue *queue)
{
	free(queue->data);
	free(queue->line_ends);
	free(queue->waiting);
	*queue = (struct terminal_queue){0};
}

void terminal_queues_free(struct terminal_queues *queues)
{
	if (queues->memory)
		kernel_memory_free(queues->memory);
	free(queues);
}

/* tty_struct.packet and the like before Linux 5.15 were not grouped. */
static int find(struct kernel_types *types, const char *path, struct kernel_member *ret)
{
	int r = kernel_types_find(types, path, ret);

	if (r == -ENOENT && strcmp(path, "tty_struct.flow.stopped") == 0)
		return kernel_types_find(types, "tty_struct.stopped", ret);
	if (r == -ENOENT && strcmp(path, "tty_struct.flow.tco_stopped") == 0)
		return kernel_types_find(types, "tty_struct.flow_stopped", ret);
	return r;
}

static int find_members(struct terminal_queues *members, struct kernel_types *types)
{
	const struct kernel_member_path paths[] = {MEMBERS(KERNEL_MEMBER_PATH)};
	int r = kernel_descriptors_find(types, &members->descriptors);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(paths); i++)
		r = find(types, paths[i].path, paths[i].member);
	return r;
}

int terminal_queues_open(struct terminal_queues **ret_queues)
{
	cleanup_(terminal_queues_freep) struct terminal_queues *queues = calloc(1, sizeof(*queues));
	cleanup_(kernel_types_freep) struct kernel_types *types = NULL;
	int r;

	if (!queues)
		return -ENOMEM;
	r = kernel_types_open(&types);
	if (r < 0)
		return r;
	r = find_members(queues, types);
	if (r == 0 &&
	    (queues->data_bytes.size != TERMINAL_QUEUE_SIZE || queues->data_flags.size != FLAGS_SIZE))
		r = -ENOENT;
	if (r == 0)
		r = kernel_memory_open(&queues->memory);
	if (r < 0)
		return r;
	*ret_queues = take_ptr(queues);
	return 0;
}

static int get(struct terminal_queues *queues, struct kernel_address address,
	       const struct kernel_member *member, uint64_t *ret)
{
	return kernel_memory_read_member(queues->memory, address, member, ret);
}

static int get_bool(struct terminal_queues *queues, struct kernel_address address,
		    const struct kernel_member *member, bool *ret)
{
	uint64_t value = 0;
	int r = get(queues, address, member, &value);

	*ret = value != 0;
	return r;
}

/* Goes on from *ADDRESS to where the pointer in its member leads. */
static int follow(struct terminal_queues *queues, struct kernel_address *address,
		  const struct kernel_member *member)
{
	return get(queues, *address, member, &address->value);
}

/* The struct tty_struct behind a descriptor of ours. */
static int find_tty(struct terminal_queues *queues, int fd, struct kernel_address *ret)
{
	struct kernel_address at;
	int r = kernel_memory_own_file(queues->memory, &queues->descriptors, fd, &at);

	if (r == 0)
		r = follow(queues, &at, &queues->file_private);
	if (r == 0)
		r = follow(queues, &at, &queues->private_tty);
	if (r == 0)
		*ret = at;
	return r;
}

int terminal_queues_identify(struct terminal_queues *queues, int fd, uint64_t *ret_end, uint64_t *ret_other)
{
	struct kernel_address tty = {0};
	int r = find_tty(queues, fd, &tty);

	if (r == 0)
		r = get(queues, tty, &queues->tty_link, ret_other);
	if (r == 0)
		*ret_end = tty.value;
	return r;
}

static int read_position(struct terminal_queues *queues, struct kernel_address port,
			 struct kernel_address data, struct position *ret)
{
	struct kernel_address buffer = {0};
	int r = get(queues, port, &queues->port_lock, &ret->lock);

	if (r == 0)
		r = get(queues, data, &queues->data_head, &ret->head);
	if (r == 0)
		r = get(queues, data, &queues->data_canonical_head, &ret->canonical_head);
	if (r == 0)
		r = get(queues, data, &queues->data_tail, &ret->tail);
	if (r == 0)
		r = get(queues, port, &queues->port_head, &buffer.value);
	if (r == 0)
		r = get(queues, buffer, &queues->buffer_commit, &ret->commit);
	if (r == 0)
		r = get(queues, buffer, &queues->buffer_read, &ret->read);
	ret->buffer = buffer.value;
	return r;
}

static int append_waiting(struct terminal_queues *queues, struct kernel_address buffer, uint64_t read,
			  uint64_t commit, struct terminal_queue *queue)
{
	size_t count = (size_t)(commit - read);
	unsigned char *grown;

	if (commit < read || count > TERMINAL_WAITING_MAX - queue->waiting_count)
		return -EAGAIN;
	if (count == 0)
		return 0;
	grown = realloc(queue->waiting, queue->waiting_count + count);
	if (!grown)
		return -ENOMEM;
	queue->waiting = grown;
	queue->waiting_count += count;
	return kernel_memory_read(queues->memory, kernel_offset(buffer, queues->buffer_data.offset + read),
				  grown + queue->waiting_count - count, count);
}

static int read_waiting(struct terminal_queues *queues, struct kernel_address port,
			struct terminal_queue *queue)
{
	struct kernel_address buffer = {0};
	int r = get(queues, port, &queues->port_head, &buffer.value);

	for (unsigned i = 0; r == 0 && buffer.value != 0; i++) {
		uint64_t commit = 0, read = 0;

		if (i == LIST_MAX)
			return -EAGAIN;
		r = get(queues, buffer, &queues->buffer_commit, &commit);
		if (r == 0)
			r = get(queues, buffer, &queues->buffer_read, &read);
		if (r == 0)
			r = append_waiting(queues, buffer, read, commit, queue);
		if (r == 0)
			r = follow(queues, &buffer, &queues->buffer_next);
	}
	return r;
}

static int read_data(struct terminal_queues *queues, struct kernel_address data, struct terminal_queue *queue)
{
	unsigned char bytes[TERMINAL_QUEUE_SIZE], flags[FLAGS_SIZE];
	uint64_t head = 0, canonical_head = 0, tail = 0;
	bool is_canonical = false;
	int r = get(queues, data, &queues->data_head, &head);

	if (r == 0)
		r = get(queues, data, &queues->data_canonical_head, &canonical_head);
	if (r == 0)
		r = get(queues, data, &queues->data_tail, &tail);
	if (r == 0)
		r = get_bool(queues, data, &queues->data_canonical, &is_canonical);
	if (r == 0)
		r = kernel_memory_read(queues->memory, kernel_offset(data, queues->data_bytes.offset), bytes,
				       sizeof(bytes));
	if (r == 0)
		r = kernel_memory_read(queues->memory, kernel_offset(data, queues->data_flags.offset), flags,
				       sizeof(flags));
	if (r < 0)
		return r;
	if (head - tail > TERMINAL_QUEUE_SIZE)
		return -EAGAIN;
	queue->data_count = (size_t)(head - tail);
	/* Who reads with EXTPROC leaves the head of the lines behind, which does not matter then. */
	if (is_canonical && canonical_head - tail <= head - tail)
		queue->lines_size = (size_t)(canonical_head - tail);
	queue->data = malloc(MAX(queue->data_count, (size_t)1));
	queue->line_ends = malloc(MAX(queue->data_count, (size_t)1));
	if (!queue->data || !queue->line_ends)
		return -ENOMEM;
	for (size_t i = 0; i < queue->data_count; i++) {
		size_t at = MASK(tail + i);

		queue->data[i] = bytes[at];
		queue->line_ends[i] = i < queue->lines_size && flags[at / 8] >> (at % 8) & 1;
	}
	return 0;
}

/* How many open file descriptions a terminal end has. */
static int count_opened(struct terminal_queues *queues, struct kernel_address tty, unsigned *ret_count)
{
	const struct kernel_member next = {.offset = 0, .size = 8}; /* struct list_head */
	const struct kernel_address list = kernel_offset(tty, queues->tty_files.offset);
	struct kernel_address at = list;
	unsigned count = 0;
	int r = follow(queues, &at, &next);

	while (r == 0 && at.value != list.value) {
		if (++count == LIST_MAX)
			return -EAGAIN;
		r = follow(queues, &at, &next);
	}
	*ret_count = count;
	return r;
}

static int read_flags(struct terminal_queues *queues, struct kernel_address tty, struct kernel_address data,
		      struct terminal_queue *queue)
{
	uint64_t echo_head = 0, echo_tail = 0, events = 0;
	int r = get(queues, data, &queues->data_echo_head, &echo_head);

	if (r == 0)
		r = get(queues, data, &queues->data_echo_tail, &echo_tail);
	if (r == 0)
		r = get_bool(queues, data, &queues->data_literal_next, &queue->is_literal_next);
	if (r == 0)
		r = get_bool(queues, data, &queues->data_erasing, &queue->is_erasing);
	if (r == 0)
		r = get_bool(queues, data, &queues->data_push, &queue->is_pushed);
	if (r == 0)
		r = get_bool(queues, tty, &queues->tty_stopped, &queue->is_stopped);
	if (r == 0)
		r = get_bool(queues, tty, &queues->tty_stopped_by_call, &queue->is_stopped_by_call);
	if (r == 0)
		r = get(queues, tty, &queues->tty_packet_events, &events);
	if (r == 0)
		r = count_opened(queues, tty, &queue->opened);
	queue->has_echo = echo_head != echo_tail;
	queue->packet_events = (uint8_t)events;
	return r;
}

static int check_discipline(struct terminal_queues *queues, struct kernel_address tty)
{
	struct kernel_address at = tty;
	uint64_t number = 0;
	int r = follow(queues, &at, &queues->tty_ldisc);

	if (r == 0)
		r = follow(queues, &at, &queues->ldisc_ops);
	if (r == 0)
		r = get(queues, at, &queues->ops_number, &number);
	return r == 0 && number != N_TTY ? -EMEDIUMTYPE : r;
}

/* The parts of an end that are looked at. */
struct end {
	struct kernel_address tty, port, data;
};

static int find_end(struct terminal_queues *queues, struct kernel_address tty, struct end *ret)
{
	int r = check_discipline(queues, tty);

	*ret = (struct end){tty, tty, tty};
	if (r == 0)
		r = follow(queues, &ret->port, &queues->tty_port);
	return r < 0 ? r : follow(queues, &ret->data, &queues->tty_data);
}

static int read_end(struct terminal_queues *queues, const struct end *end, struct terminal_queue *queue)
{
	int r = read_data(queues, end->data, queue);

	if (r == 0)
		r = read_waiting(queues, end->port, queue);
	if (r == 0)
		r = read_flags(queues, end->tty, end->data, queue);
	/* What waits though there is room is on its way. */
	return r == 0 && queue->waiting_count > 0 && queue->data_count == 0 ? -EAGAIN : r;
}

static int read_positions(struct terminal_queues *queues, const struct end ends[2], struct position ret[2])
{
	int r = read_position(queues, ends[0].port, ends[0].data, &ret[0]);

	return r < 0 ? r : read_position(queues, ends[1].port, ends[1].data, &ret[1]);
}

/* -EAGAIN if something was changing. */
static int read_once(struct terminal_queues *queues, const struct end ends[2],
		     struct terminal_queue *const ret[2])
{
	struct position before[2] = {0}, after[2] = {0};
	int r = read_positions(queues, ends, before);

	if (r == 0 && (before[0].lock != 0 || before[1].lock != 0))
		r = -EAGAIN;
	for (unsigned i = 0; r == 0 && i < 2; i++)
		r = read_end(queues, &ends[i], ret[i]);
	if (r == 0)
		r = read_positions(queues, ends, after);
	return r == 0 && memcmp(before, after, sizeof(before)) != 0 ? -EAGAIN : r;
}

int terminal_queues_read(struct terminal_queues *queues, int fd, struct terminal_queue *ret_own,
			 struct terminal_queue *ret_other)
{
	struct terminal_queue *const ret[2] = {ret_own, ret_other};
	const struct timespec pause = {.tv_nsec = 1000000};
	struct pollfd look = {.fd = fd, .events = POLLIN};
	struct kernel_address tty = {0}, link = {0};
	struct end ends[2];
	int r = find_tty(queues, fd, &tty);

	*ret_own = *ret_other = (struct terminal_queue){0};
	link = tty;
	if (r == 0)
		r = follow(queues, &link, &queues->tty_link);
	if (r == 0)
		r = find_end(queues, tty, &ends[0]);
	if (r == 0)
		r = find_end(queues, link, &ends[1]);
	/* Makes the kernel carry over what was written to this end. */
	(void)poll(&look, 1, 0);
	for (int i = 0; r == 0 && i < ROUNDS_MAX; i++) {
		r = read_once(queues, ends, ret);
		if (r == 0)
			return 0;
		terminal_queue_done(ret_own);
		terminal_queue_done(ret_other);
		if (r == -EAGAIN && i + 1 < ROUNDS_MAX)
			r = nanosleep(&pause, NULL) < 0 ? -errno : 0;
	}
	return r;
}
