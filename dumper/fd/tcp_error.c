/* SPDX-License-Identifier: MIT */
/* The error that a closed socket has and has not told yet: to ask for it takes it away, so it is looked at in
 * the kernel's memory. */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/kernel_socket.h"
#include "dumper/fd/tcp.h"

/* sk_err of the socket behind a descriptor of ours. */
static int read_error(int fd, uint64_t *ret_error)
{
	cleanup_(kernel_sockets_freep) struct kernel_sockets *sockets = NULL;
	int r = kernel_sockets_open(&sockets);

	return r < 0 ? r : kernel_sockets_read(sockets, fd, "sock.sk_err", ret_error);
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
