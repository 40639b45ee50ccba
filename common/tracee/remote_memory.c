/* SPDX-License-Identifier: MIT */
/* The memory of another task. */
#include "common/tracee/remote_memory.h"

#include <errno.h>
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
