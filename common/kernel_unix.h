/* SPDX-License-Identifier: MIT */
/* What waits in queues of unix(7) sockets that no descriptor leads to: of connections that nobody has
 * accepted. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "common/kernel_memory.h"

struct kernel_unix;

/* What one send(2) has put into a queue, or, with a listening socket, one connection. */
struct kernel_unix_message {
	struct kernel_address socket; /* its sender, or, with a listening one, the connection's socket */
	struct kernel_address data;   /* SIZE bytes */
	size_t size;
	bool is_scattered; /* over pages, of which DATA tells the first part only */
	bool has_fds;
	bool has_credentials;
	pid_t pid; /* as seen from here; 0: from another pid namespace */
	uid_t uid;
	gid_t gid;
};

/* As kernel_memory_open() and kernel_types_open(). */
int must_check kernel_unix_open(struct kernel_unix **ret_kernel);
void kernel_unix_free(struct kernel_unix *kernel);
DEFINE_FREEP(kernel_unix, kernel_unix_free)

/* The socket behind FD, a descriptor of the calling thread. */
int must_check kernel_unix_find(struct kernel_unix *kernel, int fd, struct kernel_address *ret_socket);

/* What SOCKET is connected to; 0 if to nothing. */
int must_check kernel_unix_peer(struct kernel_unix *kernel, struct kernel_address socket,
				struct kernel_address *ret_peer);

/*
 * The queue of SOCKET, the first first, for the caller to free; it must not change meanwhile. -EAGAIN if it
 * does, -EOPNOTSUPP if it has an urgent byte (MSG_OOB).
 */
int must_check kernel_unix_queue(struct kernel_unix *kernel, struct kernel_address socket,
				 struct kernel_unix_message **ret_messages, size_t *ret_count);

/* SIZE bytes of a message, from OFFSET on. */
int must_check kernel_unix_read(struct kernel_unix *kernel, const struct kernel_unix_message *message,
				size_t offset, void *buffer, size_t size);
