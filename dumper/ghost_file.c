/* SPDX-License-Identifier: MIT */
/* What is stored of one ghost: its properties, and the parts of it that are no holes. */
#include "dumper/ghost_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/interrupt.h"
#include "common/log.h"
#include "common/vector.h"
#include "format/ghost.h"

#define GIBIBYTE ((double)(1 << 30))

static const char *self_link(int fd, char buffer[32])
{
	snprintf(buffer, 32, "/proc/self/fd/%d", fd);
	return buffer;
}

int ghost_file_open(int path_fd, int *ret_fd)
{
	char link[32];
	int fd = open(self_link(path_fd, link), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOATIME);

	if (fd < 0 && errno == EPERM) /* O_NOATIME is for the owner only */
		fd = open(link, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

struct extents {
	uint64_t *offsets;
	size_t offsets_count, offsets_capacity;
	uint64_t *sizes;
	size_t sizes_count, sizes_capacity;
};

static void extents_done(struct extents *extents)
{
	free(extents->offsets);
	free(extents->sizes);
}

static int extents_add(struct extents *extents, uint64_t start, uint64_t end)
{
	uint64_t *offset = vector_append(extents, offsets);
	uint64_t *size = vector_append(extents, sizes);

	if (!offset || !size)
		return -ENOMEM;
	*offset = start;
	*size = end - start;
	return 0;
}

/* Makes the last longer, if it ends at START or no other may be noted. */
static int extents_grow(struct extents *extents, uint64_t start, uint64_t end)
{
	size_t last = extents->sizes_count - 1;

	if (extents->sizes_count == 0 || (extents->sizes_count < GHOST_EXTENTS_MAX &&
					  extents->offsets[last] + extents->sizes[last] != start))
		return extents_add(extents, start, end);
	extents->sizes[last] = end - extents->offsets[last];
	return 0;
}

static bool is_all_zero(const unsigned char *bytes, size_t size)
{
	return bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0;
}

/* 1: there is something else than zeros. */
static int look_for_contents(int fd, off_t start, uint64_t size)
{
	static unsigned char buffer[1 << 16];

	for (uint64_t at = 0; at < size; at += sizeof(buffer)) {
		int r = interrupted() ? -EINTR
				      : file_pread_full(fd, buffer, sizeof(buffer), start + (off_t)at);

		if (r < 0)
			return r;
		if (!is_all_zero(buffer, sizeof(buffer)))
			return 1;
	}
	return 0;
}

/* A hugetlbfs tells of no holes, but how much is there in all: what holds only zeros may be one. */
static int extents_scan_huge(int fd, const struct stat *st, uint64_t page_size, struct extents *extents)
{
	uint64_t size = (uint64_t)st->st_size, present = (uint64_t)st->st_blocks * 512;

	if (present == 0 || size == 0)
		return 0;
	if (present >= size)
		return extents_add(extents, 0, size);
	for (uint64_t at = 0; at < size; at += page_size) {
		int r = look_for_contents(fd, (off_t)at, page_size);

		if (r > 0)
			r = extents_grow(extents, at, at + page_size);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The last that may be noted goes to the end of the file, holes included. */
static int extents_scan(int fd, off_t size, struct extents *extents)
{
	off_t at = 0;

	while (at < size) {
		off_t start = lseek(fd, at, SEEK_DATA), end;
		int r;

		if (start < 0 && errno == ENXIO)
			break; /* a hole up to the end */
		if (start < 0)
			return -errno;
		end = lseek(fd, start, SEEK_HOLE);
		if (end < 0)
			return -errno;
		if (extents->sizes_count + 1 == GHOST_EXTENTS_MAX)
			end = size;
		end = MIN(end, size);
		if (start >= end)
			break;
		r = extents_add(extents, (uint64_t)start, (uint64_t)end);
		if (r < 0)
			return r;
		at = end;
	}
	return 0;
}

static int collect_extents(struct dump *dump, int fd, const struct stat *st, Cr__Ghost *image)
{
	cleanup_(extents_done) struct extents extents = {0};
	size_t count;
	int r = image->huge_page_size ? extents_scan_huge(fd, st, image->huge_page_size, &extents)
				      : extents_scan(fd, st->st_size, &extents);

	if (r < 0)
		return r;
	count = extents.sizes_count;
	image->size = (uint64_t)st->st_size;
	if (count == 0)
		return 0;
	image->extent_offsets = arena_copy(&dump->arena, extents.offsets, count * sizeof(uint64_t));
	image->extent_sizes = arena_copy(&dump->arena, extents.sizes, count * sizeof(uint64_t));
	if (!image->extent_offsets || !image->extent_sizes)
		return -ENOMEM;
	image->n_extent_offsets = image->n_extent_sizes = count;
	return 0;
}

static int collect_attribute(struct dump *dump, const char *link, const char *name,
			     Cr__ExtendedAttribute **ret_attribute)
{
	Cr__ExtendedAttribute *attribute = arena_new(&dump->arena, Cr__ExtendedAttribute);
	ssize_t size = getxattr(link, name, NULL, 0);

	if (size < 0)
		return -errno;
	if (!attribute)
		return -ENOMEM;
	cr__extended_attribute__init(attribute);
	attribute->name = arena_string(&dump->arena, name);
	attribute->value.data = arena_alloc(&dump->arena, (size_t)size + 1);
	if (!attribute->name || !attribute->value.data)
		return -ENOMEM;
	size = getxattr(link, name, attribute->value.data, (size_t)size);
	if (size < 0)
		return -errno;
	attribute->value.len = (size_t)size;
	*ret_attribute = attribute;
	return 0;
}

/* User attributes, access lists, file capabilities, labels: whatever this process may see. */
static int collect_attributes(struct dump *dump, int path_fd, Cr__Ghost *image)
{
	cleanup_free char *names = NULL;
	char link[32];
	ssize_t size = listxattr(self_link(path_fd, link), NULL, 0);
	size_t count = 0;

	if (size < 0)
		return errno == EOPNOTSUPP ? 0 : -errno;
	names = malloc((size_t)size + 1);
	if (!names)
		return -ENOMEM;
	size = listxattr(link, names, (size_t)size);
	if (size < 0)
		return -errno;
	names[size] = '\0';
	for (const char *name = names; name < names + size; name += strlen(name) + 1)
		count++;
	if (count > GHOST_ATTRIBUTES_MAX)
		return -E2BIG;
	image->attributes = arena_array(&dump->arena, Cr__ExtendedAttribute *, MAX(count, (size_t)1));
	if (!image->attributes)
		return -ENOMEM;
	for (const char *name = names; name < names + size; name += strlen(name) + 1) {
		int r = collect_attribute(dump, link, name, &image->attributes[image->n_attributes]);

		if (r < 0)
			return r;
		image->n_attributes++;
	}
	return 0;
}

static int collect_target(struct dump *dump, int path_fd, Cr__Ghost *image)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(path_fd, "", target, sizeof(target));

	if (length < 0)
		return -errno;
	image->target = arena_format(&dump->arena, "%.*s", (int)length, target);
	return image->target ? 0 : -ENOMEM;
}

/* What needs a descriptor that can be read. */
static int collect_contents(struct dump *dump, int path_fd, const struct stat *st, Cr__Ghost *image)
{
	cleanup_close int fd = -EBADF;
	int flags = 0, seals;
	int r = ghost_file_open(path_fd, &fd);

	if (r < 0)
		return r;
	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0)
		image->flags = (uint32_t)flags & GHOST_FLAGS;
	if (!S_ISREG(st->st_mode))
		return 0;
	seals = fcntl(fd, F_GET_SEALS);
	if (seals >= 0 && image->origin == CR__GHOST_ORIGIN__GHOST_MEMFD)
		image->seals = (uint32_t)seals;
	return collect_extents(dump, fd, st, image);
}

static int collect_all(struct dump *dump, int path_fd, const struct stat *st, Cr__Ghost *image)
{
	int r = 0;

	image->mode = st->st_mode;
	image->uid = st->st_uid;
	image->gid = st->st_gid;
	image->device = S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode) ? st->st_rdev : 0;
	image->access_seconds = st->st_atim.tv_sec;
	image->access_nanoseconds = (uint32_t)st->st_atim.tv_nsec;
	image->change_seconds = st->st_mtim.tv_sec;
	image->change_nanoseconds = (uint32_t)st->st_mtim.tv_nsec;
	if (S_ISLNK(st->st_mode))
		return collect_target(dump, path_fd, image);
	if (S_ISREG(st->st_mode) || S_ISDIR(st->st_mode))
		r = collect_contents(dump, path_fd, st, image);
	return r < 0 ? r : collect_attributes(dump, path_fd, image);
}

int ghost_file_collect(struct dump *dump, int path_fd, const struct stat *st, const char *name,
		       Cr__Ghost *image)
{
	int r = collect_all(dump, path_fd, st, image);

	if (r == -ENOMEM)
		return log_error_errno(r, "cannot note the deleted file '%s'", name);
	if (r < 0) {
		blockers_add(&dump->blockers,
			     "its file '%s' has been deleted, and what it holds cannot be read: %s%s", name,
			     strerror(-r),
			     r == -EWOULDBLOCK ? " (it has a lease, fcntl(2))"
			     : r == -EACCES    ? " (run cr-dump as root)"
					       : "");
		return 1;
	}
	if (image->origin != CR__GHOST_ORIGIN__GHOST_SHARED_MEMORY &&
	    image->origin != CR__GHOST_ORIGIN__GHOST_SYSV &&
	    ghost_contents_size(image) > dump->options->ghost_limit) {
		blockers_add(&dump->blockers,
			     "its file '%s' has been deleted and holds %ju bytes (%.1f GiB), which is more "
			     "than is saved of one file: give --ghost-limit=%juM or more",
			     name, (uintmax_t)ghost_contents_size(image),
			     (double)ghost_contents_size(image) / GIBIBYTE,
			     (uintmax_t)((ghost_contents_size(image) + (1 << 20) - 1) >> 20));
		return 1;
	}
	return 0;
}

static int write_extent(struct dump *dump, int fd, uint64_t offset, uint64_t left)
{
	while (left > 0) {
		void *buffer;
		size_t size;
		int r = archive_writer_reserve(dump->writer, (size_t)MIN(left, (uint64_t)1 << 20), &buffer,
					       &size);

		if (r < 0)
			return r;
		if (interrupted())
			return -EINTR;
		r = file_pread_full(fd, buffer, size, (off_t)offset);
		if (r < 0)
			return log_error_errno(r, "cannot read it at offset %ju%s", (uintmax_t)offset,
					       r == -ENODATA ? ": it became shorter meanwhile" : "");
		r = archive_writer_commit(dump->writer, size);
		if (r < 0)
			return r;
		offset += size;
		left -= size;
	}
	return 0;
}

int ghost_file_write(struct dump *dump, int path_fd, const Cr__Ghost *image)
{
	cleanup_close int fd = -EBADF;
	int r = ghost_file_open(path_fd, &fd);

	if (r < 0)
		return log_error_errno(r, "cannot read it");
	for (size_t i = 0; r == 0 && i < image->n_extent_offsets; i++)
		r = write_extent(dump, fd, image->extent_offsets[i], image->extent_sizes[i]);
	return r;
}
