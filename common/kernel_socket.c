/* SPDX-License-Identifier: MIT */
/* Finds sockets in the kernel's memory. */
#include "common/kernel_socket.h"

#include <errno.h>
#include <stdlib.h>

void kernel_sockets_free(struct kernel_sockets *sockets)
{
	if (sockets->memory)
		kernel_memory_free(sockets->memory);
	if (sockets->types)
		kernel_types_free(sockets->types);
	free(sockets);
}

int kernel_sockets_open(struct kernel_sockets **ret_sockets)
{
	cleanup_(kernel_sockets_freep) struct kernel_sockets *sockets = calloc(1, sizeof(*sockets));
	int r = sockets ? kernel_types_open(&sockets->types) : -ENOMEM;

	if (r == 0)
		r = kernel_descriptors_find(sockets->types, &sockets->descriptors);
	if (r == 0)
		r = kernel_types_find(sockets->types, "file.private_data", &sockets->file_private);
	if (r == 0)
		r = kernel_types_find(sockets->types, "socket.sk", &sockets->socket_sock);
	if (r == 0)
		r = kernel_memory_open(&sockets->memory);
	if (r < 0)
		return r;
	*ret_sockets = take_ptr(sockets);
	return 0;
}

int kernel_sockets_locate(struct kernel_sockets *sockets, int fd, struct kernel_address *ret_sock)
{
	struct kernel_address address = {0};
	int r = kernel_memory_own_file(sockets->memory, &sockets->descriptors, fd, &address);

	if (r == 0)
		r = kernel_memory_read_member(sockets->memory, address, &sockets->file_private,
					      &address.value);
	if (r == 0)
		r = kernel_memory_read_member(sockets->memory, address, &sockets->socket_sock,
					      &address.value);
	if (r == 0 && address.value == 0)
		r = -EBADF;
	if (r == 0)
		*ret_sock = address;
	return r;
}

int kernel_sockets_read_bytes(struct kernel_sockets *sockets, int fd, uint32_t offset, void *buffer,
			      size_t size)
{
	const struct kernel_descriptors *descriptors = &sockets->descriptors;

	return kernel_memory_follow(sockets->memory, (struct kernel_address){0},
				    (const uint32_t[]){
					    descriptors->task_files.offset,
					    descriptors->files_table.offset,
					    descriptors->table_fd.offset,
					    (uint32_t)fd * (uint32_t)sizeof(uint64_t),
					    sockets->file_private.offset,
					    sockets->socket_sock.offset,
					    offset,
				    },
				    7, buffer, size);
}

int kernel_sockets_read(struct kernel_sockets *sockets, int fd, const char *member, uint64_t *ret_value)
{
	struct kernel_member found;
	uint64_t bytes = 0;
	int r = kernel_types_find(sockets->types, member, &found);

	if (r < 0)
		return r;
	if (found.size == 0 || found.size > sizeof(bytes))
		return -EBADMSG;
	r = kernel_sockets_read_bytes(sockets, fd, found.offset, &bytes, found.size);
	if (r == 0)
		*ret_value = kernel_member_value(&found, bytes);
	return r;
}
