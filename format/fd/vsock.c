/* SPDX-License-Identifier: MIT */
/* What a valid vsock socket is. */
#include "format/fd/vsock.h"

#include <errno.h>
#include <sys/socket.h>
#include <linux/vm_sockets.h>

#include "format/fd/socket_base.h"

#define VSOCK_OPTION(number_, size_)                                                                         \
	{                                                                                                    \
		.level = AF_VSOCK, .number = (number_), .name = #number_, .size = (size_),                   \
		.phase = SOCKET_OPTION_EARLY, .depends_on_host = true, .capability = -1                      \
	}

/* The size must be between the others, and moves with them. */
static const struct socket_option_spec vsock_specs[] = {
	VSOCK_OPTION(SO_VM_SOCKETS_BUFFER_MAX_SIZE, 8),
	VSOCK_OPTION(SO_VM_SOCKETS_BUFFER_MIN_SIZE, 8),
	VSOCK_OPTION(SO_VM_SOCKETS_BUFFER_SIZE, 8),
	VSOCK_OPTION(SO_VM_SOCKETS_CONNECT_TIMEOUT_NEW, 16),
};

const struct socket_option_table socket_options_vsock = {vsock_specs, ARRAY_SIZE(vsock_specs)};

static int refuse(const char *reason, const char **ret_reason)
{
	*ret_reason = reason;
	return -EBADMSG;
}

int vsock_check(const Cr__VsockSocket *socket, const char **ret_reason)
{
	int r = socket_base_check(socket->socket, &socket_options_vsock, ret_reason);

	if (r < 0)
		return r;
	if (socket->socket->type != SOCK_STREAM && socket->socket->type != SOCK_SEQPACKET)
		return refuse("it is no vsock socket", ret_reason);
	if (socket->socket->protocol != 0)
		return refuse("its protocol is none", ret_reason);
	if (!socket->is_bound && (socket->is_listening || socket->address != 0 || socket->port != 0))
		return refuse("it has an address, but is not bound", ret_reason);
	if (socket->is_bound && socket->port == VMADDR_PORT_ANY)
		return refuse("it is bound to any port", ret_reason);
	return 0;
}
