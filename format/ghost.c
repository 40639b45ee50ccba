/* SPDX-License-Identifier: MIT */
/* What a valid file is that no path leads to. */
#include "format/ghost.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/limits.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/stat.h>

#include "common/file_handle.h"
#include "common/memfd.h"
#include "format/fd/kernel_file.h"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x0020
#endif

#define SEALS_KNOWN                                                                                          \
	((uint32_t)(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE |         \
		    F_SEAL_EXEC))
#define NANOSECONDS 1000000000U

static int refuse(const char *reason, const char **ret_reason)
{
	*ret_reason = reason;
	return -EBADMSG;
}

static bool path_is_valid(const char *path)
{
	const char *slash = path && path[0] == '/' ? strrchr(path, '/') : NULL;

	return slash && slash[1] != '\0' && strcmp(slash, "/.") != 0 && strcmp(slash, "/..") != 0 &&
	       strlen(path) < PATH_MAX;
}

/* The root of a mount that has none in the file tree is "/". */
static bool hidden_path_is_valid(const char *path)
{
	return path && path[0] == '/' && strlen(path) < PATH_MAX;
}

static bool process_path_is_valid(const char *path)
{
	pid_t pid, tid;
	const char *rest;

	return path && strlen(path) < PATH_MAX && kernel_file_is_of_process(path, &pid, &tid, &rest);
}

static bool memfd_path_is_valid(const char *path)
{
	size_t prefix = strlen(GHOST_MEMFD_PREFIX);

	return path && strncmp(path, GHOST_MEMFD_PREFIX, prefix) == 0 &&
	       strlen(path + prefix) <= GHOST_MEMFD_NAME_MAX;
}

static bool shared_memory_path_is_valid(const char *path)
{
	return path && (strcmp(path, GHOST_SHARED_MEMORY_PATH) == 0 ||
			strcmp(path, GHOST_SHARED_MEMORY_HUGE_PATH) == 0);
}

static bool sysv_path_is_valid(const char *path)
{
	return path && strncmp(path, "/SYSV", 5) == 0 && strlen(path) == 13 &&
	       strspn(path + 5, "0123456789abcdef") == 8;
}

static int sysv_check(const Cr__Ghost *ghost, const char **ret_reason)
{
	const Cr__SysvSegment *segment = ghost->sysv;
	char path[32];

	if ((ghost->origin == CR__GHOST_ORIGIN__GHOST_SYSV) != (segment != NULL))
		return refuse("it is a segment of shared memory and something else", ret_reason);
	if (!segment)
		return 0;
	snprintf(path, sizeof(path), GHOST_SYSV_FORMAT, (unsigned)segment->key);
	if (strcmp(path, ghost->paths[0]) != 0 || segment->id < 0 || ghost->size == 0)
		return refuse("its segment is not possible", ret_reason);
	if (segment->size != 0 && (segment->size > ghost->size ||
				   ghost->size - segment->size >= MAX(ghost->huge_page_size, UINT64_C(1))))
		return refuse("the size of its segment is not possible", ret_reason);
	if (segment->mode & ~(uint32_t)(0777 | SHM_DEST | SHM_LOCKED))
		return refuse("the mode of its segment is not known", ret_reason);
	return 0;
}

/* Who needs one has one. */
static int handle_check(const Cr__Ghost *ghost, const char **ret_reason)
{
	const Cr__FileHandle *handle = ghost->handle;
	bool is_hidden = ghost->origin == CR__GHOST_ORIGIN__GHOST_HIDDEN;
	bool is_linked = ghost->origin == CR__GHOST_ORIGIN__GHOST_LINKED;

	if (!handle)
		return is_hidden ? refuse("it has no handle", ret_reason) : 0;
	if (!is_hidden && !(is_linked && ghost->linked_path[0] == '\0'))
		return refuse("it has a handle, and is not found by it", ret_reason);
	if (handle->mount_point[0] != '/' || strlen(handle->mount_point) >= PATH_MAX)
		return refuse("the mount of its handle is not possible", ret_reason);
	if (handle->handle.len == 0 || handle->handle.len > FILE_HANDLE_SIZE_MAX)
		return refuse("its handle is not possible", ret_reason);
	return 0;
}

static int paths_check(const Cr__Ghost *ghost, const char **ret_reason)
{
	bool is_memfd = ghost->origin == CR__GHOST_ORIGIN__GHOST_MEMFD;
	bool is_memory = ghost->origin == CR__GHOST_ORIGIN__GHOST_SHARED_MEMORY;
	bool is_sysv = ghost->origin == CR__GHOST_ORIGIN__GHOST_SYSV;
	bool is_linked = ghost->origin == CR__GHOST_ORIGIN__GHOST_LINKED;
	bool is_hidden = ghost->origin == CR__GHOST_ORIGIN__GHOST_HIDDEN;
	bool is_process = ghost->origin == CR__GHOST_ORIGIN__GHOST_PROCESS;
	bool is_single = is_memfd || is_memory || is_sysv || is_process;

	if (ghost->n_paths == 0 || ghost->n_paths > (is_single ? 1 : GHOST_PATHS_MAX))
		return refuse("it has too few or too many paths", ret_reason);
	for (size_t i = 0; i < ghost->n_paths; i++)
		if (!(is_memfd     ? memfd_path_is_valid
		      : is_memory  ? shared_memory_path_is_valid
		      : is_sysv    ? sysv_path_is_valid
		      : is_hidden  ? hidden_path_is_valid
		      : is_process ? process_path_is_valid
				   : path_is_valid)(ghost->paths[i]))
			return refuse("one of its paths is not possible", ret_reason);
	if (is_linked && !ghost->handle ? !path_is_valid(ghost->linked_path) : ghost->linked_path[0] != '\0')
		return refuse("its other name is not possible", ret_reason);
	if (ghost->directory[0] != '\0' &&
	    (ghost->directory[0] != '/' || strlen(ghost->directory) >= PATH_MAX || is_memfd || is_memory ||
	     is_sysv))
		return refuse("the directory that it is to be made in is not possible", ret_reason);
	return 0;
}

static int type_check(const Cr__Ghost *ghost, const char **ret_reason)
{
	bool is_regular = S_ISREG(ghost->mode), is_symlink = S_ISLNK(ghost->mode);

	if (ghost->mode & ~(uint32_t)(S_IFMT | 07777))
		return refuse("its mode is not valid", ret_reason);
	switch (ghost->mode & S_IFMT) {
	case S_IFREG:
	case S_IFDIR:
	case S_IFLNK:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		break;
	default:
		return refuse("its type is not known", ret_reason);
	}
	if (ghost->origin == CR__GHOST_ORIGIN__GHOST_SHARED_MEMORY &&
	    (ghost->size == 0 || ghost->size % 4096 != 0))
		return refuse("shared memory has no such size", ret_reason);
	if (!is_regular && (ghost->origin == CR__GHOST_ORIGIN__GHOST_MEMFD ||
			    ghost->origin == CR__GHOST_ORIGIN__GHOST_SHARED_MEMORY ||
			    ghost->origin == CR__GHOST_ORIGIN__GHOST_SYSV ||
			    ghost->origin == CR__GHOST_ORIGIN__GHOST_NAMELESS))
		return refuse("only a regular file can be made without a name", ret_reason);
	if (!S_ISDIR(ghost->mode) && ghost->origin == CR__GHOST_ORIGIN__GHOST_PROCESS)
		return refuse("of /proc it can only be a directory", ret_reason);
	if (S_ISDIR(ghost->mode) && ghost->origin == CR__GHOST_ORIGIN__GHOST_LINKED)
		return refuse("a directory has no other name", ret_reason);
	if (is_symlink && ghost_is_stored(ghost) &&
	    (ghost->target[0] == '\0' || strlen(ghost->target) >= PATH_MAX))
		return refuse("its target is not possible", ret_reason);
	if (ghost->seals & ~SEALS_KNOWN || (ghost->seals && ghost->origin != CR__GHOST_ORIGIN__GHOST_MEMFD))
		return refuse("its seals are not valid", ret_reason);
	if (ghost->flags & ~GHOST_FLAGS)
		return refuse("its flags are not valid", ret_reason);
	return 0;
}

/* Files on a hugetlbfs have whole pages. */
static int huge_pages_check(const Cr__Ghost *ghost, const char **ret_reason)
{
	bool is_memory = ghost->origin == CR__GHOST_ORIGIN__GHOST_SHARED_MEMORY;

	if (is_memory &&
	    (ghost->huge_page_size != 0) != (strcmp(ghost->paths[0], GHOST_SHARED_MEMORY_HUGE_PATH) == 0))
		return refuse("its path is not that of its pages", ret_reason);
	if (ghost->huge_page_size == 0)
		return 0;
	if (!memfd_is_huge_page_size(ghost->huge_page_size) || !S_ISREG(ghost->mode) ||
	    ghost->size % ghost->huge_page_size != 0)
		return refuse("its huge pages are not possible", ret_reason);
	return 0;
}

static int attributes_check(const Cr__Ghost *ghost, const char **ret_reason)
{
	if (ghost->n_attributes > GHOST_ATTRIBUTES_MAX)
		return refuse("it has too many extended attributes", ret_reason);
	for (size_t i = 0; i < ghost->n_attributes; i++) {
		const Cr__ExtendedAttribute *attribute = ghost->attributes[i];
		size_t length = strlen(attribute->name);

		if (length == 0 || length > XATTR_NAME_MAX || attribute->value.len > XATTR_SIZE_MAX)
			return refuse("one of its extended attributes is not possible", ret_reason);
	}
	if (ghost->access_nanoseconds >= NANOSECONDS || ghost->change_nanoseconds >= NANOSECONDS)
		return refuse("its times are not valid", ret_reason);
	return 0;
}

static int extents_check(const Cr__Ghost *ghost, const char **ret_reason)
{
	uint64_t end = 0;

	if (ghost->size > INT64_MAX || (ghost->size > 0 && !S_ISREG(ghost->mode)))
		return refuse("its size is not possible", ret_reason);
	if (ghost->n_extent_offsets != ghost->n_extent_sizes || ghost->n_extent_offsets > GHOST_EXTENTS_MAX)
		return refuse("the number of its extents is not valid", ret_reason);
	if (ghost->n_extent_offsets > 0 && !ghost_is_stored(ghost))
		return refuse("it has contents, though they stay where they are", ret_reason);
	for (size_t i = 0; i < ghost->n_extent_offsets; i++) {
		uint64_t offset = ghost->extent_offsets[i], size = ghost->extent_sizes[i];

		if (size == 0 || offset < end || offset > ghost->size || size > ghost->size - offset)
			return refuse("its extents overlap, or are out of order or of the file", ret_reason);
		end = offset + size;
	}
	return 0;
}

int ghost_check(const Cr__Ghost *ghost, const char **ret_reason)
{
	int r;

	if ((unsigned)ghost->origin > CR__GHOST_ORIGIN__GHOST_PROCESS)
		return refuse("its origin is not known", ret_reason);
	r = paths_check(ghost, ret_reason);
	if (r == 0)
		r = handle_check(ghost, ret_reason);
	if (r == 0)
		r = type_check(ghost, ret_reason);
	if (r == 0)
		r = huge_pages_check(ghost, ret_reason);
	if (r == 0)
		r = sysv_check(ghost, ret_reason);
	if (r == 0)
		r = attributes_check(ghost, ret_reason);
	return r < 0 ? r : extents_check(ghost, ret_reason);
}

bool ghost_is_stored(const Cr__Ghost *ghost)
{
	return ghost->origin != CR__GHOST_ORIGIN__GHOST_LINKED &&
	       ghost->origin != CR__GHOST_ORIGIN__GHOST_HIDDEN &&
	       ghost->origin != CR__GHOST_ORIGIN__GHOST_PROCESS;
}

uint64_t ghost_contents_size(const Cr__Ghost *ghost)
{
	uint64_t size = 0;

	for (size_t i = 0; i < ghost->n_extent_sizes; i++)
		size += ghost->extent_sizes[i];
	return size;
}

bool ghost_has_path(const Cr__Ghost *ghost, const char *path, size_t *ret_index)
{
	for (size_t i = 0; i < ghost->n_paths; i++) {
		if (strcmp(ghost->paths[i], path) != 0)
			continue;
		if (ret_index)
			*ret_index = i;
		return true;
	}
	return false;
}
