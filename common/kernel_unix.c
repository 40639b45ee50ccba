/* SPDX-License-Identifier: MIT */
/* Reads the queues of unix sockets in the kernel's memory. */
#include "common/kernel_unix.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/kernel_buffer.h"
#include "common/kernel_socket.h"

/* More messages than any queue has: it has changed meanwhile. */
#define MESSAGES_MAX 1000000
/* All that is wanted of a struct sk_buff lies in so many bytes. */
#define HEAD_SIZE 512

#define MEMBERS(X)                                                                                           \
	X(peer, "unix_sock.peer")                                                                            \
	X(sock_queue, "sock.sk_receive_queue")                                                               \
	X(queue_length, "sk_buff_head.qlen")                                                                 \
	X(next, "sk_buff.next")                                                                              \
	X(size, "sk_buff.len")                                                                               \
	X(sock, "sk_buff.sk")                                                                                \
	X(control, "sk_buff.cb")                                                                             \
	X(control_pid, "unix_skb_parms.pid")                                                                 \
	X(control_uid, "unix_skb_parms.uid")                                                                 \
	X(control_gid, "unix_skb_parms.gid")                                                                 \
	X(control_fds, "unix_skb_parms.fp")                                                                  \
	X(fds_count, "scm_fp_list.count")                                                                    \
	X(fds_files, "scm_fp_list.fp")                                                                       \
	X(sock_socket, "sock.sk_socket")                                                                     \
	X(sock_pid, "sock.sk_peer_pid")                                                                      \
	X(sock_credentials, "sock.sk_peer_cred")                                                             \
	X(credentials_uid, "cred.euid")                                                                      \
	X(credentials_gid, "cred.egid")                                                                      \
	X(credentials_groups, "cred.group_info")                                                             \
	X(groups_count, "group_info.ngroups")                                                                \
	X(groups_ids, "group_info.gid")                                                                      \
	X(address, "unix_sock.addr")                                                                         \
	X(address_size, "unix_address.len")                                                                  \
	X(address_name, "unix_address.name")                                                                 \
	X(task_pid, "task_struct.thread_pid")                                                                \
	X(pid_level, "pid.level")                                                                            \
	X(pid_numbers, "pid.numbers")                                                                        \
	X(number, "upid.nr")                                                                                 \
	X(number_namespace, "upid.ns")

struct kernel_unix {
	struct kernel_sockets *sockets;
	struct kernel_memory *memory; /* of SOCKETS */
	struct kernel_buffers buffers;
	MEMBERS(KERNEL_MEMBER_DECLARE)
	struct kernel_member urgent;
	size_t head_size;          /* of what is wanted of a struct sk_buff */
	bool has_urgent;           /* this kernel knows MSG_OOB with such sockets */
	uint64_t level, namespace; /* our own, of pids */
};

void kernel_unix_free(struct kernel_unix *kernel)
{
	if (kernel->sockets)
		kernel_sockets_free(kernel->sockets);
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
		&kernel->next,
		&kernel->size,
		&kernel->sock,
		&kernel->control,
	};
	size_t size = 0;

	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		size = MAX(size, (size_t)members[i]->offset + members[i]->size);
	return size;
}

static int find_members(struct kernel_unix *members)
{
	const struct kernel_member_path paths[] = {MEMBERS(KERNEL_MEMBER_PATH)};
	struct kernel_types *types = members->sockets->types;
	int r = kernel_types_find_all(types, paths, ARRAY_SIZE(paths));

	if (r == 0)
		r = kernel_buffers_find(&members->buffers, members->memory, types);
	if (r < 0)
		return r;
	members->head_size = find_head_size(members);
	if (members->head_size > HEAD_SIZE)
		return -EBADMSG;
	r = kernel_types_find(types, "unix_sock.oob_skb", &members->urgent);
	members->has_urgent = r == 0;
	return r == -ENOENT ? 0 : r;
}

int kernel_unix_open(struct kernel_unix **ret_kernel)
{
	cleanup_(kernel_unix_freep) struct kernel_unix *kernel = calloc(1, sizeof(*kernel));
	int r = kernel ? kernel_sockets_open(&kernel->sockets) : -ENOMEM;

	if (r < 0)
		return r;
	kernel->memory = kernel->sockets->memory;
	r = find_members(kernel);
	if (r == 0)
		r = find_own_namespace(kernel);
	if (r < 0)
		return r;
	*ret_kernel = take_ptr(kernel);
	return 0;
}

int kernel_unix_find(struct kernel_unix *kernel, int fd, struct kernel_address *ret_socket)
{
	return kernel_sockets_locate(kernel->sockets, fd, ret_socket);
}

int kernel_unix_file(struct kernel_unix *kernel, int fd, struct kernel_address *ret_file)
{
	return kernel_memory_own_file(kernel->memory, &kernel->sockets->descriptors, fd, ret_file);
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

/* The number, as seen from here, of the process that is PID; 0: it is of another namespace. */
static int read_pid(struct kernel_unix *kernel, struct kernel_address pid, pid_t *ret_pid)
{
	uint64_t level = 0, number = 0, namespace = 0;
	int r = kernel_memory_read_member(kernel->memory, pid, &kernel->pid_level, &level);

	if (r < 0 || level < kernel->level)
		return r;
	r = read_number(kernel, pid, kernel->level, &number, &namespace);
	if (r == 0)
		*ret_pid = namespace == kernel->namespace ? (pid_t)number : 0;
	return r;
}

static int get_control(struct kernel_unix *kernel, const unsigned char head[HEAD_SIZE],
		       struct kernel_unix_message *message)
{
	uint64_t uid = 0, gid = 0;
	struct kernel_address pid = {0};
	size_t base = kernel->control.offset;
	int r = get(head, base, &kernel->control_pid, &pid.value);

	if (r == 0)
		r = get(head, base, &kernel->control_uid, &uid);
	if (r == 0)
		r = get(head, base, &kernel->control_gid, &gid);
	if (r == 0)
		r = get(head, base, &kernel->control_fds, &message->fds.value);
	message->has_credentials = pid.value != 0;
	message->uid = (uid_t)uid;
	message->gid = (gid_t)gid;
	return r < 0 || pid.value == 0 ? r : read_pid(kernel, pid, &message->pid);
}

/* *AT becomes the address of the next. */
static int read_message(struct kernel_unix *kernel, struct kernel_address *at,
			struct kernel_unix_message *ret_message)
{
	unsigned char head[HEAD_SIZE];
	uint64_t next = 0, size = 0, sock = 0;
	int r = kernel_memory_read(kernel->memory, *at, head, kernel->head_size);

	if (r == 0)
		r = get(head, 0, &kernel->next, &next);
	if (r == 0)
		r = get(head, 0, &kernel->size, &size);
	if (r == 0)
		r = get(head, 0, &kernel->sock, &sock);
	if (r < 0)
		return r;
	*ret_message = (struct kernel_unix_message){.socket = {sock}, .buffer = *at, .size = size};
	*at = (struct kernel_address){next};
	return get_control(kernel, head, ret_message);
}

/* The buffer of the byte that is urgent; 0: there is none. */
static int find_urgent(struct kernel_unix *kernel, struct kernel_address socket, uint64_t *ret_buffer)
{
	*ret_buffer = 0;
	return kernel->has_urgent
		       ? kernel_memory_read_member(kernel->memory, socket, &kernel->urgent, ret_buffer)
		       : 0;
}

int kernel_unix_queue(struct kernel_unix *kernel, struct kernel_address socket,
		      struct kernel_unix_message **ret_messages, size_t *ret_count)
{
	const struct kernel_address end = kernel_offset(socket, kernel->sock_queue.offset);
	struct kernel_address at = {0};
	cleanup_free struct kernel_unix_message *messages = NULL;
	uint64_t count = 0, urgent = 0;
	int r = find_urgent(kernel, socket, &urgent);

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
		messages[i].is_urgent = messages[i].buffer.value == urgent;
	}
	if (at.value != end.value)
		return -EAGAIN;
	*ret_messages = take_ptr(messages);
	*ret_count = count;
	return 0;
}

static int read_groups(struct kernel_unix *kernel, struct kernel_address credentials,
		       struct kernel_unix_client *client)
{
	struct kernel_address groups = {0};
	uint64_t count = 0;
	int r = kernel_memory_read_member(kernel->memory, credentials, &kernel->credentials_groups,
					  &groups.value);

	if (r == 0)
		r = kernel_memory_read_member(kernel->memory, groups, &kernel->groups_count, &count);
	if (r == 0 && count > KERNEL_UNIX_GROUPS_MAX)
		r = -EBADMSG;
	if (r < 0)
		return r;
	client->groups = calloc(MAX(count, UINT64_C(1)), sizeof(client->groups[0]));
	if (!client->groups)
		return -ENOMEM;
	client->groups_count = count;
	return kernel_memory_read(kernel->memory, kernel_offset(groups, kernel->groups_ids.offset),
				  client->groups, count * sizeof(client->groups[0]));
}

static int read_credentials(struct kernel_unix *kernel, struct kernel_address connection,
			    struct kernel_unix_client *client)
{
	struct kernel_address pid = {0}, credentials = {0};
	uint64_t uid = 0, gid = 0;
	int r = kernel_memory_read_member(kernel->memory, connection, &kernel->sock_pid, &pid.value);

	if (r == 0)
		r = kernel_memory_read_member(kernel->memory, connection, &kernel->sock_credentials,
					      &credentials.value);
	if (r < 0 || pid.value == 0 || credentials.value == 0)
		return r;
	client->has_credentials = true;
	r = read_pid(kernel, pid, &client->pid);
	if (r == 0)
		r = kernel_memory_read_member(kernel->memory, credentials, &kernel->credentials_uid, &uid);
	if (r == 0)
		r = kernel_memory_read_member(kernel->memory, credentials, &kernel->credentials_gid, &gid);
	client->uid = (uid_t)uid;
	client->gid = (gid_t)gid;
	return r < 0 ? r : read_groups(kernel, credentials, client);
}

static int read_name(struct kernel_unix *kernel, struct kernel_address socket,
		     struct kernel_unix_client *client)
{
	const size_t head = offsetof(struct sockaddr_un, sun_path);
	struct kernel_address at = {0};
	uint64_t size = 0;
	int r = kernel_memory_read_member(kernel->memory, socket, &kernel->address, &at.value);

	if (r < 0 || at.value == 0)
		return r;
	r = kernel_memory_read_member(kernel->memory, at, &kernel->address_size, &size);
	if (r < 0 || size <= head)
		return r;
	client->name_size = MIN((size_t)size - head, sizeof(client->name));
	r = kernel_memory_read(kernel->memory, kernel_offset(at, kernel->address_name.offset + head),
			       client->name, client->name_size);
	if (r == 0 && client->name[0] != '\0')
		client->name_size = strnlen((const char *)client->name, client->name_size);
	return r;
}

void kernel_unix_client_done(struct kernel_unix_client *client)
{
	free(client->groups);
	*client = (struct kernel_unix_client){0};
}

int kernel_unix_client(struct kernel_unix *kernel, struct kernel_address connection,
		       struct kernel_unix_client *ret_client)
{
	cleanup_(kernel_unix_client_done) struct kernel_unix_client client = {0};
	struct kernel_address peer = {0};
	uint64_t socket = 0;
	int r = kernel_unix_peer(kernel, connection, &peer);

	if (r == 0)
		r = kernel_memory_read_member(kernel->memory, peer, &kernel->sock_socket, &socket);
	client.is_gone = socket == 0;
	if (r == 0)
		r = read_credentials(kernel, connection, &client);
	if (r == 0)
		r = read_name(kernel, peer, &client);
	if (r < 0)
		return r;
	*ret_client = client;
	client.groups = NULL;
	return 0;
}

int kernel_unix_fds(struct kernel_unix *kernel, const struct kernel_unix_message *message,
		    struct kernel_address ret_files[KERNEL_UNIX_FDS_MAX], size_t *ret_count)
{
	uint64_t files[KERNEL_UNIX_FDS_MAX], count = 0;
	int r;

	*ret_count = 0;
	if (message->fds.value == 0)
		return 0;
	r = kernel_memory_read_member(kernel->memory, message->fds, &kernel->fds_count, &count);
	if (r == 0 && count > KERNEL_UNIX_FDS_MAX)
		r = -EBADMSG;
	if (r == 0)
		r = kernel_memory_read(kernel->memory, kernel_offset(message->fds, kernel->fds_files.offset),
				       files, count * sizeof(files[0]));
	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++)
		ret_files[i] = (struct kernel_address){files[i]};
	*ret_count = count;
	return 0;
}

int kernel_unix_read(struct kernel_unix *kernel, const struct kernel_unix_message *message, size_t offset,
		     void *bytes, size_t size)
{
	struct kernel_buffer buffer;
	int r = kernel_buffer_find(&kernel->buffers, message->buffer, &buffer);

	return r < 0 ? r : kernel_buffer_read(&kernel->buffers, &buffer, offset, bytes, size);
}
