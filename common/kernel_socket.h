/* SPDX-License-Identifier: MIT */
/* What the kernel notes of a socket, and tells by no system call. */
#pragma once

#include "common/kernel_memory.h"

/* What is needed to look at sockets. */
struct kernel_sockets {
	struct kernel_types *types;
	struct kernel_memory *memory;
	struct kernel_descriptors descriptors;
	struct kernel_member file_private, socket_sock;
};

/* As kernel_memory_open() and kernel_types_open(). */
int must_check kernel_sockets_open(struct kernel_sockets **ret_sockets);
void kernel_sockets_free(struct kernel_sockets *sockets);
DEFINE_FREEP(kernel_sockets, kernel_sockets_free)

/* The struct sock behind FD, a descriptor of the calling thread. */
int must_check kernel_sockets_locate(struct kernel_sockets *sockets, int fd, struct kernel_address *ret_sock);

/*
 * A number in the structure of the socket behind FD, a descriptor of the calling thread: MEMBER as of
 * kernel_types_find(), in a structure that struct sock is the beginning of ("packet_sock.rx_ring.head").
 * -ENOENT if this kernel does not have it.
 */
int must_check kernel_sockets_read(struct kernel_sockets *sockets, int fd, const char *member,
				   uint64_t *ret_value);

/* SIZE bytes of that structure, from OFFSET on. */
int must_check kernel_sockets_read_bytes(struct kernel_sockets *sockets, int fd, uint32_t offset,
					 void *buffer, size_t size);
