/* SPDX-License-Identifier: MIT */
/* What waits in queues of unix(7) sockets that no descriptor leads to: of connections that nobody has
 * accepted. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include <sys/un.h>

#include "common/kernel_memory.h"

struct kernel_unix;

/* Descriptors in one message (the kernel's SCM_MAX_FD), and groups of a process (its NGROUPS_MAX). */
#define KERNEL_UNIX_FDS_MAX 253
#define KERNEL_UNIX_GROUPS_MAX 65536

/* What one send(2) has put into a queue, or, with a listening socket, one connection. */
struct kernel_unix_message {
	struct kernel_address socket; /* its sender, or, with a listening one, the connection's socket */
	struct kernel_address buffer; /* SIZE bytes */
	size_t size;
	struct kernel_address fds; /* descriptors that come with it; 0: none */
	bool is_urgent;            /* one byte, sent with MSG_OOB */
	bool has_credentials;
	pid_t pid; /* as seen from here; 0: from another pid namespace */
	uid_t uid;
	gid_t gid;
};

/* Who has made a connection that nobody has accepted yet. */
struct kernel_unix_client {
	bool is_gone; /* it was closed since */
	bool has_credentials;
	pid_t pid; /* as in a message */
	uid_t uid;
	gid_t gid;
	uint32_t *groups; /* owned */
	size_t groups_count;
	unsigned char name[sizeof(((struct sockaddr_un *)0)->sun_path)]; /* that it is bound to, */
	size_t name_size; /* as in sun_path, of a path without the final 0; 0: to none */
};

/* As kernel_memory_open() and kernel_types_open(). */
int must_check kernel_unix_open(struct kernel_unix **ret_kernel);
void kernel_unix_free(struct kernel_unix *kernel);
DEFINE_FREEP(kernel_unix, kernel_unix_free)

/* The socket, and the struct file, behind FD, a descriptor of the calling thread. */
int must_check kernel_unix_find(struct kernel_unix *kernel, int fd, struct kernel_address *ret_socket);
int must_check kernel_unix_file(struct kernel_unix *kernel, int fd, struct kernel_address *ret_file);

/* What SOCKET is connected to; 0 if to nothing. */
int must_check kernel_unix_peer(struct kernel_unix *kernel, struct kernel_address socket,
				struct kernel_address *ret_peer);

/*
 * The queue of SOCKET, the first first, for the caller to free; it must not change meanwhile, nor have been
 * read in part. -EAGAIN if it does.
 */
int must_check kernel_unix_queue(struct kernel_unix *kernel, struct kernel_address socket,
				 struct kernel_unix_message **ret_messages, size_t *ret_count);

/* Who is at the other end of CONNECTION, the socket of one in the queue of a listening one. */
int must_check kernel_unix_client(struct kernel_unix *kernel, struct kernel_address connection,
				  struct kernel_unix_client *ret_client);
void kernel_unix_client_done(struct kernel_unix_client *client);

/* The struct file of each descriptor that comes with a message. */
int must_check kernel_unix_fds(struct kernel_unix *kernel, const struct kernel_unix_message *message,
			       struct kernel_address ret_files[KERNEL_UNIX_FDS_MAX], size_t *ret_count);

/* SIZE bytes of a message, from OFFSET on; as kernel_buffer_read(). */
int must_check kernel_unix_read(struct kernel_unix *kernel, const struct kernel_unix_message *message,
				size_t offset, void *bytes, size_t size);
