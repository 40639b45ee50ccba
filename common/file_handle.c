/* SPDX-License-Identifier: MIT */
/* Files that are found by their handles. */
#include "common/file_handle.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "common/cleanup.h"

union handle_buffer {
	struct file_handle header;
	unsigned char bytes[sizeof(struct file_handle) + FILE_HANDLE_SIZE_MAX];
};

int file_handle_read(int fd, struct file_handle_value *ret)
{
	union handle_buffer buffer = {.header = {.handle_bytes = FILE_HANDLE_SIZE_MAX}};
	int mount_id;

	if (name_to_handle_at(fd, "", &buffer.header, &mount_id, AT_EMPTY_PATH) < 0)
		return -errno;
	ret->type = buffer.header.handle_type;
	ret->size = buffer.header.handle_bytes;
	memcpy(ret->bytes, buffer.bytes + sizeof(struct file_handle), ret->size);
	return 0;
}

int file_handle_open(const char *mount_point, const struct file_handle_value *handle, int flags, int *ret_fd)
{
	cleanup_close int home_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int mount_fd = open(mount_point, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	union handle_buffer buffer = {
		.header = {.handle_bytes = (unsigned)handle->size, .handle_type = handle->type}};
	int fd, error;

	if (handle->size > FILE_HANDLE_SIZE_MAX)
		return -EINVAL;
	if (home_fd < 0 || mount_fd < 0 || fchdir(mount_fd) < 0)
		return -errno;
	memcpy(buffer.bytes + sizeof(struct file_handle), handle->bytes, handle->size);
	/* The directory may be given by a descriptor of O_PATH only in this way. */
	fd = open_by_handle_at(AT_FDCWD, &buffer.header, flags | O_CLOEXEC);
	error = errno;
	if (fchdir(home_fd) < 0) {
		error = errno;
		close_fd(&fd);
	}
	if (fd < 0)
		return -error;
	*ret_fd = fd;
	return 0;
}

int filesystem_id(int fd, uint64_t *ret_id)
{
	struct statfs facts;
	uint32_t halves[2];

	if (fstatfs(fd, &facts) < 0)
		return -errno;
	memcpy(halves, &facts.f_fsid, sizeof(halves));
	*ret_id = (uint64_t)halves[1] << 32 | halves[0];
	return 0;
}
