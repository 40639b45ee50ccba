/* SPDX-License-Identifier: MIT */
/* Reads the queues of unix sockets in the kernel's memory. */
#include "common/kernel_unix.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* More messages than any queue has: it has changed meanwhile. */
#define MESSAGES_MAX 1000000
/* All that is wanted of a struct sk_buff lies in so many bytes. */
#define HEAD_SIZE 512

#define MEMBERS(X)                                                                                           \
	X(file_private, "file.private_data")                                                                 \
	X(socket_sock, "socket.sk")                                                                          \
	X(peer, "unix_sock.peer")                                                                            \
	X(sock_queue, "sock.sk_receive_queue")                                                               \
	X(queue_length, "sk_buff_head.qlen")                                                                 \
	X(next, "sk_buff.next")                                                                              \
	X(size, "sk_buff.len")                                                                               \
	X(paged_size, "sk_buff.data_len")                                                                    \
	X(data, "sk_buff.data")                                                                              \
	X(sock, "sk_buff.sk")                                                                                \
	X(control, "sk_buff.cb")                                                                             \
	X(control_pid, "unix_skb_parms.pid")                                                                 \
	X(control_uid, "unix_skb_parms.uid")                                                                 \
	X(control_gid, "unix_skb_parms.gid")                                                                 \
	X(control_fds, "unix_skb_parms.fp")                                                                  \
	X(task_pid, "task_struct.thread_pid")                                                                \
	X(pid_level, "pid.level")                                                                            \
	X(pid_numbers, "pid.numbers")                                                                        \
	X(number, "upid.nr")                                                                                 \
	X(number_namespace, "upid.ns")

struct kernel_unix {
	struct kernel_memory *memory;
	struct kernel_descriptors descriptors;
#define X(name, path) struct kernel_member name;
	MEMBERS(X)
#undef X
	struct kernel_member urgent;
	size_t head_size;          /* of what is wanted of a struct sk_buff */
	bool has_urgent;           /* this kernel knows MSG_OOB with such sockets */
	uint64_t level, namespace; /* our own, of pids */
};

void kernel_unix_free(struct kernel_unix *kernel)
{
	if (kernel->memory)
		kernel_memory_free(kernel->memory);
	free(kernel);
}

/* The number of PID in the namespace LEVEL deep, and that namespace. */
static int read_number(struct kernel_unix *kernel, struct kernel_address pid, uint64_t level,
		       uint64_t *ret_number, uint64_t *ret_namespace)
{
	/* The kernel's struct upid: the pointer is its last. */
	uint64_t size = kernel->number_namespace.offset + kernel->number_namespace.size;
	struct kernel_address at = kernel_offset(pid, kernel->pid_numbers.offset + level * size);
	int r = kernel_memory_read_member(kernel->memory, at, &kernel->number, ret_number);

	return r < 0 ? r
		     : kernel_memory_read_member(kernel->memory, at, &kernel->number_namespace,
						 ret_namespace);
}

static int find_own_namespace(struct kernel_unix *kernel)
{
	struct kernel_address at;
	uint64_t number;
	int r = kernel_memory_own_task(kernel->memory, &at);

	if (r == 0)
		r = kernel_memory_read_member(kernel->memory, at, &kernel->task_pid, &at.value);
	if (r == 0)
		r = kernel_memory_read_member(kernel->memory, at, &kernel->pid_level, &kernel->level);
	return r < 0 ? r : read_number(kernel, at, kernel->level, &number, &kernel->namespace);
}

/* How much of a struct sk_buff there has to be for all that is wanted of it. */
static size_t find_head_size(const struct kernel_unix *kernel)
{
	const struct kernel_member *const members[] = {
		&kernel->next, &kernel->size, &kernel->paged_size,
		&kernel->data, &kernel->sock, &kernel->control,
	};
	size_t size = 0;

	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		size = MAX(size, (size_t)members[i]->offset + members[i]->size);
	return size;
}

static int find_members(struct kernel_unix *kernel)
{
	cleanup_(kernel_types_freep) struct kernel_types *types = NULL;
	int r = kernel_types_open(&types);

	if (r == 0)
		r = kernel_descriptors_find(types, &kernel->descriptors);
#define X(name, path)                                                                                        \
	if (r == 0)                                                                                          \
		r = kernel_types_find(types, path, &kernel->name);
	MEMBERS(X)
#undef X
	if (r < 0)
		return r;
	kernel->head_size = find_head_size(kernel);
	if (kernel->head_size > HEAD_SIZE)
		return -EBADMSG;
	r = kernel_types_find(types, "unix_sock.oob_skb", &kernel->urgent);
	kernel->has_urgent = r == 0;
	return r == -ENOENT ? 0 : r;
}

int kernel_unix_open(struct kernel_unix **ret_kernel)
{
	cleanup_(kernel_unix_freep) struct kernel_unix *kernel = calloc(1, sizeof(*kernel));
	int r = kernel ? find_members(kernel) : -ENOMEM;

	if (r == 0)
		r = kernel_memory_open(&kernel->memory);
	if (r == 0)
		r = find_own_namespace(kernel);
	if (r < 0)
		return r;
	*ret_kernel = take_ptr(kernel);
	return 0;
}

int kernel_unix_find(struct kernel_unix *kernel, int fd, struct kernel_address *ret_socket)
{
	struct kernel_address at = {0};
	int r = kernel_memory_own_file(kernel->memory, &kernel->descriptors, fd, &at);

	if (r == 0)
		r = kernel_memory_read_member(kernel->memory, at, &kernel->file_private, &at.value);
	if (r == 0)
		r = kernel_memory_read_member(kernel->memory, at, &kernel->socket_sock, &at.value);
	if (r == 0)
		*ret_socket = at;
	return r;
}

int kernel_unix_peer(struct kernel_unix *kernel, struct kernel_address socket,
		     struct kernel_address *ret_peer)
{
	return kernel_memory_read_member(kernel->memory, socket, &kernel->peer, &ret_peer->value);
}

/* A number in what was read of a structure, BASE bytes into it. -EBADMSG beyond the end. */
static int get(const unsigned char head[HEAD_SIZE], size_t base, const struct kernel_member *member,
	       uint64_t *ret_value)
{
	uint64_t value = 0;

	if (member->size > sizeof(value) || member->bit_count > 0 ||
	    base + member->offset + member->size > HEAD_SIZE)
		return -EBADMSG;
	memcpy(&value, head + base + member->offset, member->size);
	*ret_value = value;
	return 0;
}

static int get_credentials(struct kernel_unix *kernel, const unsigned char head[HEAD_SIZE],
			   struct kernel_unix_message *message)
{
	uint64_t pid = 0, uid = 0, gid = 0, fds = 0, level = 0, number = 0, namespace = 0;
	size_t base = kernel->control.offset;
	int r = get(head, base, &kernel->control_pid, &pid);

	if (r == 0)
		r = get(head, base, &kernel->control_uid, &uid);
	if (r == 0)
		r = get(head, base, &kernel->control_gid, &gid);
	if (r == 0)
		r = get(head, base, &kernel->control_fds, &fds);
	message->has_credentials = pid != 0;
	message->has_fds = fds != 0;
	message->uid = (uid_t)uid;
	message->gid = (gid_t)gid;
	if (r < 0 || pid == 0)
		return r;
	r = kernel_memory_read_member(kernel->memory, (struct kernel_address){pid}, &kernel->pid_level,
				      &level);
	if (r < 0 || level < kernel->level)
		return r;
	r = read_number(kernel, (struct kernel_address){pid}, kernel->level, &number, &namespace);
	message->pid = namespace == kernel->namespace ? (pid_t)number : 0;
	return r;
}

/* *AT becomes the address of the next. */
static int read_message(struct kernel_unix *kernel, struct kernel_address *at,
			struct kernel_unix_message *ret_message)
{
	unsigned char head[HEAD_SIZE];
	uint64_t next = 0, size = 0, paged_size = 0, data = 0, sock = 0;
	int r = kernel_memory_read(kernel->memory, *at, head, kernel->head_size);

	if (r == 0)
		r = get(head, 0, &kernel->next, &next);
	if (r == 0)
		r = get(head, 0, &kernel->size, &size);
	if (r == 0)
		r = get(head, 0, &kernel->paged_size, &paged_size);
	if (r == 0)
		r = get(head, 0, &kernel->data, &data);
	if (r == 0)
		r = get(head, 0, &kernel->sock, &sock);
	if (r < 0)
		return r;
	*at = (struct kernel_address){next};
	*ret_message = (struct kernel_unix_message){
		.socket = {sock},
		.data = {data},
		.size = size,
		.is_scattered = paged_size > 0,
	};
	return get_credentials(kernel, head, ret_message);
}

static int check_urgent(struct kernel_unix *kernel, struct kernel_address socket)
{
	uint64_t urgent = 0;
	int r = kernel->has_urgent
			? kernel_memory_read_member(kernel->memory, socket, &kernel->urgent, &urgent)
			: 0;

	return r < 0 ? r : urgent != 0 ? -EOPNOTSUPP : 0;
}

int kernel_unix_queue(struct kernel_unix *kernel, struct kernel_address socket,
		      struct kernel_unix_message **ret_messages, size_t *ret_count)
{
	const struct kernel_address end = kernel_offset(socket, kernel->sock_queue.offset);
	struct kernel_address at = {0};
	cleanup_free struct kernel_unix_message *messages = NULL;
	uint64_t count = 0;
	int r = check_urgent(kernel, socket);

	if (r == 0)
		r = kernel_memory_read_member(kernel->memory, end, &kernel->queue_length, &count);
	if (r == 0)
		r = kernel_memory_read_member(kernel->memory, end, &kernel->next, &at.value);
	if (r < 0)
		return r;
	if (count > MESSAGES_MAX)
		return -EAGAIN;
	messages = calloc(MAX(count, UINT64_C(1)), sizeof(*messages));
	if (!messages)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		if (at.value == end.value)
			return -EAGAIN;
		r = read_message(kernel, &at, &messages[i]);
		if (r < 0)
			return r;
	}
	if (at.value != end.value)
		return -EAGAIN;
	*ret_messages = take_ptr(messages);
	*ret_count = count;
	return 0;
}

int kernel_unix_read(struct kernel_unix *kernel, const struct kernel_unix_message *message, size_t offset,
		     void *buffer, size_t size)
{
	return kernel_memory_read(kernel->memory, kernel_offset(message->data, offset), buffer, size);
}
