/* SPDX-License-Identifier: MIT */
/* Files that are still there and have no path: they are opened by their handles. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/file_handle.h"
#include "common/log.h"
#include "common/printable.h"
#include "restorer/ghost.h"

/* -EXDEV if another file system is mounted there by now. */
int ghost_handle_open(const Cr__FileHandle *image, int flags, int *ret_fd)
{
	struct file_handle_value handle = {.type = image->type, .size = image->handle.len};
	cleanup_close int mount_fd = open(image->mount_point, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	uint64_t filesystem = 0;
	int r = mount_fd < 0 ? -errno : filesystem_id(mount_fd, &filesystem);

	if (r < 0)
		return r;
	if (filesystem != image->filesystem)
		return -EXDEV;
	memcpy(handle.bytes, image->handle.data, image->handle.len); /* of checked length */
	return file_handle_open(image->mount_point, &handle, flags, ret_fd);
}

static const char *obstacle(int error)
{
	switch (error) {
	case -EXDEV:
		return "another file system is mounted there now";
	case -ESTALE:
		return "it has been deleted";
	case -EPERM:
		return "run cr-restore with CAP_DAC_READ_SEARCH";
	default:
		return strerror(-error);
	}
}

/* What was open may have grown, as a log does. */
static void check_size(struct restore *restore, const Cr__Ghost *image, const struct stat *st,
		       const char *name)
{
	uint64_t size = (uint64_t)st->st_size;

	if (!S_ISREG(st->st_mode) || restore->options->file_validation == FILE_VALIDATION_OFF)
		return;
	if (size > image->size)
		log_notice("'%s' has grown by %" PRIu64 " bytes since it was dumped", name,
			   size - image->size);
	else if (size < image->size)
		blockers_add(&restore->blockers,
			     "'%s' has become shorter: %" PRIu64 " bytes here, %" PRIu64
			     " bytes when it was dumped; if the program can do with that, give "
			     "--file-validation=off",
			     name, size, image->size);
}

void ghost_handle_check(struct restore *restore, const struct ghost *ghost)
{
	const Cr__Ghost *image = ghost->image;
	char name[PRINTABLE_SIZE], mount_point[PRINTABLE_SIZE];
	cleanup_close int fd = -EBADF;
	struct stat st;
	int r = ghost_handle_open(image->handle, O_PATH | O_NOFOLLOW, &fd);

	if (r == 0 && fstat(fd, &st) < 0)
		r = -errno;
	ghost_name(ghost, name, sizeof(name));
	if (r < 0)
		blockers_add(&restore->blockers,
			     "the file '%s', which no path leads to, is not found by its handle on the file "
			     "system of '%s': %s",
			     name, printable(image->handle->mount_point, mount_point, sizeof(mount_point)),
			     obstacle(r));
	else if ((st.st_mode & S_IFMT) != (image->mode & S_IFMT))
		blockers_add(&restore->blockers, "'%s' is of another type than when it was dumped", name);
	else
		check_size(restore, image, &st, name);
}
