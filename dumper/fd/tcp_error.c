/* SPDX-License-Identifier: MIT */
/* The error that a closed socket has and has not told yet: to ask for it takes it away, so it is looked at in
 * the kernel's memory. */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/kernel_memory.h"
#include "dumper/fd/tcp.h"

struct place {
	struct kernel_descriptors descriptors;
	struct kernel_member file_private, socket_sk, sock_error;
};

static int find_place(struct place *place)
{
	cleanup_(kernel_types_freep) struct kernel_types *types = NULL;
	int r = kernel_types_open(&types);

	if (r == 0)
		r = kernel_descriptors_find(types, &place->descriptors);
	if (r == 0)
		r = kernel_types_find(types, "file.private_data", &place->file_private);
	if (r == 0)
		r = kernel_types_find(types, "socket.sk", &place->socket_sk);
	return r < 0 ? r : kernel_types_find(types, "sock.sk_err", &place->sock_error);
}

/* sk_err of the socket behind a descriptor of ours. */
static int read_error(int fd, uint64_t *ret_error)
{
	cleanup_(kernel_memory_freep) struct kernel_memory *memory = NULL;
	struct kernel_address at = {0};
	struct place place;
	int r = find_place(&place);

	if (r == 0)
		r = kernel_memory_open(&memory);
	if (r == 0)
		r = kernel_memory_own_file(memory, &place.descriptors, fd, &at);
	if (r == 0)
		r = kernel_memory_read_member(memory, at, &place.file_private, &at.value);
	if (r == 0)
		r = kernel_memory_read_member(memory, at, &place.socket_sk, &at.value);
	return r < 0 ? r : kernel_memory_read_member(memory, at, &place.sock_error, ret_error);
}

int tcp_collect_error(struct dump *dump, struct tcp_entry *entry, int fd)
{
	struct pollfd waiting = {.fd = fd};
	Cr__TcpConnection *connection;
	uint64_t error = 0;
	int r;

	if (!entry->was_connected) {
		(void)inet_socket_has_error(dump, fd);
		return 0;
	}
	connection = arena_new(&dump->arena, Cr__TcpConnection);
	if (!connection)
		return log_error_errno(-ENOMEM, "cannot note its socket");
	cr__tcp_connection__init(connection);
	entry->image->connection = connection;
	if (poll(&waiting, 1, 0) != 1 || !(waiting.revents & POLLERR))
		return 0;
	r = read_error(fd, &error);
	if (r < 0)
		blockers_add(&dump->blockers,
			     "its socket has an error that the program has not read yet (SO_ERROR), and the "
			     "kernel does not let cr-dump see which (%s): try again when it has, or run "
			     "cr-dump with CAP_BPF and CAP_PERFMON",
			     strerror(-r));
	else if (error == 0)
		(void)inet_socket_has_error(dump, fd);
	else if (error != ECONNRESET && error != EPIPE)
		blockers_add(
			&dump->blockers,
			"its socket has an error that the program has not read yet (SO_ERROR: %s), which "
			"cannot be preserved: try again when it has",
			strerror((int)error));
	else
		connection->error = (uint32_t)error;
	return 0;
}
