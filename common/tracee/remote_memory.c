/* SPDX-License-Identifier: MIT */
/* The memory of another task. */
#include "common/tracee/remote_memory.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

int remote_read(pid_t pid, struct remote_address address, void *buffer, size_t size)
{
	struct iovec local = {buffer, size};
	struct iovec remote = {(void *)(uintptr_t)address.value, size};
	ssize_t count = process_vm_readv(pid, &local, 1, &remote, 1, 0);

	if (count < 0)
		return -errno;
	return (size_t)count == size ? 0 : -EFAULT;
}

int remote_write(pid_t pid, struct remote_address address, const void *buffer, size_t size)
{
	struct iovec local = {(void *)(uintptr_t)buffer, size};
	struct iovec remote = {(void *)(uintptr_t)address.value, size};
	ssize_t count = process_vm_writev(pid, &local, 1, &remote, 1, 0);

	if (count < 0)
		return -errno;
	return (size_t)count == size ? 0 : -EFAULT;
}

/* In pieces, which overlap as far as the bytes may lie across their border. */
int remote_find(pid_t pid, uint64_t start, uint64_t end, const void *bytes, size_t size,
		struct remote_address *ret_address)
{
	unsigned char piece[4 * PAGE_SIZE_BYTES];

	for (uint64_t at = start; at < end && end - at >= size; at += sizeof(piece) - (size - 1)) {
		size_t piece_size = MIN(end - at, sizeof(piece));
		const unsigned char *found;

		if (remote_read(pid, remote_address(at), piece, piece_size) < 0)
			return -ENOENT;
		found = memmem(piece, piece_size, bytes, size);
		if (!found)
			continue;
		*ret_address = remote_address(at + (uint64_t)(found - piece));
		return 0;
	}
	return -ENOENT;
}
