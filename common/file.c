/* SPDX-License-Identifier: MIT */
/* Whole-file reads and writes. */
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"

int file_read_fd(int fd, size_t limit, char **ret_text, size_t *ret_size)
{
	cleanup_free char *text = NULL;
	size_t size = 0, capacity = 4096;

	text = malloc(capacity);
	if (!text)
		return -ENOMEM;
	for (;;) {
		ssize_t count = read(fd, text + size, capacity - size - 1);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		if (count == 0)
			break;
		size += (size_t)count;
		if (size > limit)
			return -EFBIG;
		if (size + 1 >= capacity) {
			char *grown = realloc(text, capacity * 2);

			if (!grown)
				return -ENOMEM;
			text = grown;
			capacity *= 2;
		}
	}
	text[size] = '\0';
	if (ret_size)
		*ret_size = size;
	*ret_text = take_ptr(text);
	return 0;
}

int file_read_at(int directory_fd, const char *path, size_t limit, char **ret_text, size_t *ret_size)
{
	cleanup_close int fd = openat(directory_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return -errno;
	return file_read_fd(fd, limit, ret_text, ret_size);
}

int file_readlink_at(int directory_fd, const char *path, char **ret_target)
{
	for (size_t size = 256; size <= (size_t)PATH_MAX * 4; size *= 2) {
		cleanup_free char *target = malloc(size);
		ssize_t length;

		if (!target)
			return -ENOMEM;
		length = readlinkat(directory_fd, path, target, size);
		if (length < 0)
			return -errno;
		if ((size_t)length < size) {
			target[length] = '\0';
			*ret_target = take_ptr(target);
			return 0;
		}
	}
	return -ENAMETOOLONG;
}

int file_write_at(int directory_fd, const char *path, const char *text)
{
	cleanup_close int fd = openat(directory_fd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t written;

	if (fd < 0)
		return -errno;
	written = write(fd, text, strlen(text));
	if (written < 0)
		return -errno;
	return (size_t)written == strlen(text) ? 0 : -EIO;
}

int file_read_full(int fd, void *buffer, size_t size)
{
	char *at = buffer;

	while (size > 0) {
		ssize_t count = read(fd, at, size);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		if (count == 0)
			return -ENODATA;
		at += count;
		size -= (size_t)count;
	}
	return 0;
}

int file_pread_full(int fd, void *buffer, size_t size, off_t offset)
{
	char *at = buffer;

	while (size > 0) {
		ssize_t count = pread(fd, at, size, offset);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		if (count == 0)
			return -ENODATA;
		at += count;
		offset += count;
		size -= (size_t)count;
	}
	return 0;
}

int file_write_full(int fd, const void *buffer, size_t size)
{
	const char *at = buffer;

	while (size > 0) {
		ssize_t count = write(fd, at, size);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		at += count;
		size -= (size_t)count;
	}
	return 0;
}

int file_pwrite_full(int fd, const void *buffer, size_t size, off_t offset)
{
	const char *at = buffer;

	while (size > 0) {
		ssize_t count = pwrite(fd, at, size, offset);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		at += count;
		offset += count;
		size -= (size_t)count;
	}
	return 0;
}

int file_raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	if (limit.rlim_cur >= limit.rlim_max)
		return 0;
	limit.rlim_cur = limit.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &limit) < 0 ? -errno : 0;
}

char *string_format(const char *format, ...)
{
	va_list arguments;
	char *text = NULL;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	return length < 0 ? NULL : text;
}

int file_leads_to(const char *path, const struct stat *st)
{
	struct open_how how = {.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS};
	cleanup_close int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
	struct stat found;

	if (fd < 0 || fstat(fd, &found) < 0)
		return -errno;
	return found.st_dev == st->st_dev && found.st_ino == st->st_ino;
}
