/* SPDX-License-Identifier: MIT */
/* What a ghost holds, and its properties. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/interrupt.h"
#include "common/log.h"
#include "common/printable.h"
#include "restorer/ghost.h"

static int failed(const struct ghost *ghost, int error, const char *what)
{
	char name[PRINTABLE_SIZE];

	return log_error_errno(error, "cannot %s the deleted file '%s'", what,
			       ghost_name(ghost, name, sizeof(name)));
}

/* Where the next byte of the member goes. */
struct position {
	size_t extent;
	uint64_t offset; /* in the extent */
};

/*
 * No write(2) goes to a hugetlbfs. The pages are made first, which can fail; to touch one that cannot be had
 * would end cr-restore with SIGBUS.
 */
static int write_huge(const Cr__Ghost *image, int fd, const char *data, size_t size, uint64_t offset)
{
	uint64_t start = offset / image->huge_page_size * image->huge_page_size;
	uint64_t end = ALIGN_UP(offset + size, image->huge_page_size);
	char *window;

	if (fallocate(fd, FALLOC_FL_KEEP_SIZE, (off_t)start, (off_t)(end - start)) < 0)
		return errno == ENOSPC ? -ENOMEM : -errno;
	window = mmap(NULL, (size_t)(end - start), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd,
		      (off_t)start);
	if (window == MAP_FAILED)
		return -errno;
	memcpy(window + (offset - start), data, size);
	munmap(window, (size_t)(end - start));
	return 0;
}

static int write_data(const Cr__Ghost *image, struct position *position, int fd, const char *data,
		      size_t size)
{
	while (size > 0) {
		uint64_t left, offset;
		size_t part;
		int r;

		if (position->extent == image->n_extent_sizes)
			return -EBADMSG;
		left = image->extent_sizes[position->extent] - position->offset;
		part = (size_t)MIN(left, (uint64_t)size);
		offset = image->extent_offsets[position->extent] + position->offset;
		r = image->huge_page_size ? write_huge(image, fd, data, part, offset)
					  : file_pwrite_full(fd, data, part, (off_t)offset);
		if (r < 0)
			return r;
		data += part;
		size -= part;
		position->offset += part;
		if (part == left)
			*position = (struct position){.extent = position->extent + 1};
	}
	return 0;
}

static int write_contents(const struct ghost *ghost, struct archive_reader *reader, int fd)
{
	struct position position = {0};
	const void *data;
	size_t size = 0;
	int r;

	do {
		r = interrupted() ? -EINTR : archive_reader_data(reader, &data, &size);
		if (r < 0)
			return r;
		r = write_data(ghost->image, &position, fd, data, size);
		if (r < 0)
			return failed(ghost, r, "fill");
	} while (size > 0);
	return position.extent == ghost->image->n_extent_sizes ? 0 : failed(ghost, -EBADMSG, "fill");
}

/* Flags of ioctl_iflags(2), among those in MASK; others stay. A file system may know other flags than the one
 * before. */
static int set_flags(const struct ghost *ghost, int fd, uint32_t mask)
{
	uint32_t wanted = ghost->image->flags & mask;
	const uint32_t forbidding = FS_IMMUTABLE_FL | FS_APPEND_FL;
	char name[PRINTABLE_SIZE];
	int flags;

	if (wanted == 0)
		return 0;
	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0) {
		flags = (int)(((uint32_t)flags & ~mask) | wanted);
		if (ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0)
			return 0;
	}
	if (wanted & forbidding)
		return failed(ghost, -errno, "set flags (chattr) of");
	log_notice("the deleted file '%s' comes back without its flags %#x (chattr): %s",
		   ghost_name(ghost, name, sizeof(name)), wanted, strerror(errno));
	return 0;
}

int ghost_fill(struct ghost *ghost, struct archive_reader *reader)
{
	char link[GHOST_LINK_SIZE];
	cleanup_close int fd = -EBADF;
	int r = 0;

	if (!ghost_is_stored(ghost->image))
		return 0;
	if (!S_ISREG(ghost->image->mode))
		return ghost_dress(ghost);
	fd = open(ghost_link(ghost_writable_door(ghost), link),
		  (ghost->image->huge_page_size ? O_RDWR : O_WRONLY) | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return failed(ghost, -errno, "open");
	r = set_flags(ghost, fd, GHOST_FLAGS_EARLY);
	if (r == 0 && ftruncate(fd, (off_t)ghost->image->size) < 0)
		return failed(ghost, -errno, "set the size of");
	if (r == 0 && reader)
		r = write_contents(ghost, reader, fd);
	return r < 0 ? r : ghost_dress(ghost);
}

/* Labels and checksums that the host's own policy gives out. */
static bool is_of_the_host(const char *name)
{
	static const char *const names[] = {"security.selinux", "security.ima", "security.evm",
					    "security.apparmor"};

	if (strncmp(name, "security.SMACK64", strlen("security.SMACK64")) == 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static int set_attributes(const struct ghost *ghost, const char *link)
{
	for (size_t i = 0; i < ghost->image->n_attributes; i++) {
		const Cr__ExtendedAttribute *attribute = ghost->image->attributes[i];
		char name[PRINTABLE_SIZE], file[PRINTABLE_SIZE];

		if (setxattr(link, attribute->name, attribute->value.data, attribute->value.len, 0) == 0)
			continue;
		printable(attribute->name, name, sizeof(name));
		ghost_name(ghost, file, sizeof(file));
		if (!is_of_the_host(attribute->name))
			return log_error_errno(
				-errno, "cannot set the attribute '%s' of the deleted file '%s'", name, file);
		log_notice("the deleted file '%s' comes back without its attribute '%s': %s", file, name,
			   strerror(errno));
	}
	return 0;
}

/* A change of the owner drops the set-user-id bit and file capabilities, so it comes first. */
int ghost_dress(const struct ghost *ghost)
{
	const Cr__Ghost *image = ghost->image;
	char link[GHOST_LINK_SIZE];
	struct stat st;

	ghost_link(ghost_writable_door(ghost), link);
	if (fstat(ghost_writable_door(ghost), &st) < 0)
		return failed(ghost, -errno, "look at");
	if ((st.st_uid != image->uid || st.st_gid != image->gid) &&
	    fchownat(ghost_writable_door(ghost), "", image->uid, image->gid, AT_EMPTY_PATH) < 0)
		return failed(ghost, -errno, "set the owner of");
	if (S_ISLNK(image->mode))
		return 0;
	if (chmod(link, image->mode & 07777) < 0)
		return failed(ghost, -errno, "set the mode of");
	return set_attributes(ghost, link);
}

int ghost_finish(const struct ghost *ghost)
{
	const Cr__Ghost *image = ghost->image;
	const struct timespec times[] = {
		{.tv_sec = image->access_seconds, .tv_nsec = image->access_nanoseconds},
		{.tv_sec = image->change_seconds, .tv_nsec = image->change_nanoseconds},
	};
	cleanup_close int fd = -EBADF;
	char link[GHOST_LINK_SIZE];

	if (!ghost_is_stored(ghost->image))
		return 0;
	if (image->sysv)
		return ghost_sysv_finish(ghost);
	if (image->seals && fcntl(ghost->made_fd, F_ADD_SEALS, image->seals) < 0)
		return failed(ghost, -errno, "seal");
	if (utimensat(ghost_writable_door(ghost), "", times, AT_EMPTY_PATH) < 0)
		return failed(ghost, -errno, "set the times of");
	if ((image->flags & ~GHOST_FLAGS_EARLY) == 0)
		return 0;
	fd = open(ghost_link(ghost_writable_door(ghost), link), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return failed(ghost, -errno, "open");
	return set_flags(ghost, fd, GHOST_FLAGS & ~GHOST_FLAGS_EARLY);
}
