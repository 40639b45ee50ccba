/* SPDX-License-Identifier: MIT */
/* Makes ghosts: each gets its old name for a moment, is opened by it, and loses it again. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/memfd.h"
#include "common/printable.h"
#include "common/vector.h"
#include "format/fd/open_file.h"
#include "restorer/dead_process.h"
#include "restorer/ghost.h"
#include "restorer/writable_tree.h"

#ifndef MFD_HUGETLB
#define MFD_HUGETLB 0x0004U
#endif
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#define MFD_EXEC 0x0010U
#endif
#define NAME_ATTEMPTS 16

/* A directory of a mount that is read-only, by a way on which it is not. */
struct tree {
	char *directory; /* owned */
	int fd;
};

/* Directories that are there for the moment only, in the order in which they were made. */
struct scaffold {
	char **paths; /* owned */
	size_t paths_count, paths_capacity;
	struct tree *trees;
	size_t trees_count, trees_capacity;
};

static int scaffold_add(struct scaffold *scaffold, const char *path)
{
	char **slot = vector_append(scaffold, paths);

	if (slot)
		*slot = strdup(path);
	return slot && *slot ? 0 : -ENOMEM;
}

static void scaffold_done(struct scaffold *scaffold)
{
	char name[PRINTABLE_SIZE];

	for (size_t i = scaffold->paths_count; i > 0; i--) {
		char *path = scaffold->paths[i - 1];

		if (path && rmdir(path) < 0 && errno != ENOENT)
			log_warning("cannot remove the directory '%s', which was made for a moment: %s",
				    printable(path, name, sizeof(name)), strerror(errno));
		free(path);
	}
	free(scaffold->paths);
	for (size_t i = 0; i < scaffold->trees_count; i++) {
		free(scaffold->trees[i].directory);
		close_fd(&scaffold->trees[i].fd);
	}
	free(scaffold->trees);
}

int ghost_find_directory(const char *path, char *ret_directory, struct stat *ret_st)
{
	char *slash;

	snprintf(ret_directory, PATH_MAX, "%s", path);
	while ((slash = strrchr(ret_directory, '/'))) {
		slash[slash == ret_directory ? 1 : 0] = '\0';
		if (stat(ret_directory, ret_st) == 0 && S_ISDIR(ret_st->st_mode))
			return 0;
		if (slash == ret_directory)
			break;
	}
	return -ENOENT;
}

/* Makes what is missing of the directories that lead to PATH; -ENOTDIR if one of them is not one here. */
static int make_ancestors(struct scaffold *scaffold, const char *path)
{
	char directory[PATH_MAX];
	struct stat st;
	int r = 0;

	for (const char *slash = strchr(path + 1, '/'); r == 0 && slash; slash = strchr(slash + 1, '/')) {
		snprintf(directory, sizeof(directory), "%.*s", (int)(slash - path), path);
		if (mkdir(directory, 0700) == 0)
			r = scaffold_add(scaffold, directory);
		else if (stat(directory, &st) < 0)
			r = -errno;
		else if (!S_ISDIR(st.st_mode))
			r = -ENOTDIR;
	}
	return r;
}

/* PATH with what leads to it made, or, if something else is in its way, a path of this name where it is not.
 */
static int make_way(struct scaffold *scaffold, const char *path, char ret_path[PATH_MAX])
{
	char directory[PATH_MAX];
	struct stat st;
	int r = make_ancestors(scaffold, path);

	if (r == 0)
		snprintf(ret_path, PATH_MAX, "%s", path);
	if (r != -ENOTDIR && r != -EROFS)
		return r;
	r = ghost_find_directory(path, directory, &st);
	if (r == 0 && snprintf(ret_path, PATH_MAX, "%s%s", strcmp(directory, "/") == 0 ? "" : directory,
			       strrchr(path, '/')) >= PATH_MAX)
		r = -ENAMETOOLONG;
	return r;
}

/* Another name for what cannot have PATH, which is taken. */
static int make_other_name(const char *path, char *buffer, size_t size)
{
	const char *slash = strrchr(path, '/');
	unsigned number;
	int length;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return -EAGAIN;
	if (strlen(slash + 1) + strlen(".cr-00000000") <= NAME_MAX)
		length = snprintf(buffer, size, "%s.cr-%08x", path, number);
	else
		length = snprintf(buffer, size, "%.*s/.cr-%08x", (int)(slash - path), path, number);
	return length < (int)size ? 0 : -ENAMETOOLONG;
}

/*
 * One of the names of a ghost: makes it, or another link of what has been made. *ret_fd keeps a regular file
 * that was made, so that it can be told from others.
 */
static int make_name(const struct ghost *ghost, size_t index, const char *path, int *ret_fd)
{
	const Cr__Ghost *image = ghost->image;
	char link[GHOST_LINK_SIZE];
	int r;

	if (ghost->kept_fd >= 0)
		r = linkat(AT_FDCWD, ghost_link(ghost->kept_fd, link), AT_FDCWD, path, AT_SYMLINK_FOLLOW);
	else if (index > 0)
		r = linkat(AT_FDCWD, ghost_link(ghost_writable_door(ghost), link), AT_FDCWD, path,
			   AT_SYMLINK_FOLLOW);
	else if (S_ISREG(image->mode))
		r = *ret_fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600);
	else if (S_ISLNK(image->mode))
		r = symlink(image->target, path);
	else if (S_ISDIR(image->mode))
		r = mkdir(path, 0700);
	else
		r = mknod(path, (image->mode & S_IFMT) | 0600, image->device);
	return r < 0 ? -errno : 0;
}

/* What was opened by its name is what was made: somebody else may have a hand in the directory. */
static bool is_ours(const struct ghost *ghost, size_t index, int door, int made)
{
	struct stat st, other;

	if (fstat(door, &st) < 0 || (st.st_mode & S_IFMT) != (ghost->image->mode & S_IFMT))
		return false;
	if (ghost->kept_fd >= 0)
		return fstat(ghost->kept_fd, &other) == 0 && st.st_dev == other.st_dev &&
		       st.st_ino == other.st_ino;
	if (index > 0)
		return fstat(ghost->doors[0], &other) == 0 && st.st_dev == other.st_dev &&
		       st.st_ino == other.st_ino;
	if (made >= 0)
		return fstat(made, &other) == 0 && st.st_dev == other.st_dev && st.st_ino == other.st_ino;
	return st.st_uid == geteuid() && (S_ISDIR(st.st_mode) || st.st_nlink == 1);
}

static int open_name(struct ghost *ghost, size_t index, const char *path, int made)
{
	int door = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (door < 0)
		return -errno;
	if (!is_ours(ghost, index, door, made)) {
		close(door);
		return -ESTALE;
	}
	ghost->doors[index] = door;
	for (size_t i = 0; i < ghost->openings_count; i++) {
		struct ghost_opening *opening = &ghost->openings[i];

		if (opening->path != index)
			continue;
		opening->fd = open(path, (int)(opening->flags & ~(uint32_t)OPEN_FILE_NAMELESS) | O_CLOEXEC |
						 O_NOCTTY | O_NONBLOCK);
		if (opening->fd < 0)
			return -errno;
	}
	return 0;
}

/* The directory that SEEN lies in, where it can be written to, though it is mounted read-only. */
static int find_tree(struct scaffold *scaffold, const char *seen, int *ret_fd)
{
	cleanup_free char *directory = strndup(seen, (size_t)MAX(strrchr(seen, '/') - seen, (ptrdiff_t)1));
	struct tree *slot;
	int fd = -EBADF, r;

	for (size_t i = 0; directory && i < scaffold->trees_count; i++) {
		if (strcmp(scaffold->trees[i].directory, directory) == 0) {
			*ret_fd = scaffold->trees[i].fd;
			return 0;
		}
	}
	r = directory ? writable_tree_open(directory, &fd) : -ENOMEM;
	if (r < 0)
		return r;
	slot = vector_append(scaffold, trees);
	if (!slot) {
		close(fd);
		return -ENOMEM;
	}
	*slot = (struct tree){.directory = take_ptr(directory), .fd = fd};
	*ret_fd = fd;
	return 0;
}

/*
 * Where a name is made: PATH by which it is, and by which it is removed again, and by which it is SEEN then.
 * These differ where that is mounted read-only.
 */
struct place {
	char path[PATH_MAX], seen[PATH_MAX];
	int tree_fd; /* borrowed; -EBADF: they do not differ */
};

static int make_in_place(struct ghost *ghost, size_t index, struct place *place, int *ret_made)
{
	int length = place->tree_fd < 0 ? snprintf(place->path, PATH_MAX, "%s", place->seen)
					: snprintf(place->path, PATH_MAX, "/proc/self/fd/%d%s",
						   place->tree_fd, strrchr(place->seen, '/'));

	return length < PATH_MAX ? make_name(ghost, index, place->path, ret_made) : -ENAMETOOLONG;
}

/* At WAY, or beside it. */
static int make_near(struct ghost *ghost, struct scaffold *scaffold, size_t index, const char *way,
		     struct place *place, int *ret_made)
{
	int r;

	place->tree_fd = -EBADF;
	snprintf(place->seen, PATH_MAX, "%s", way);
	r = make_in_place(ghost, index, place, ret_made);
	if (r == -EROFS) {
		r = find_tree(scaffold, way, &place->tree_fd);
		if (r == 0)
			r = make_in_place(ghost, index, place, ret_made);
	}
	for (int i = 0; r == -EEXIST && i < NAME_ATTEMPTS; i++) {
		r = make_other_name(way, place->seen, PATH_MAX);
		if (r == 0)
			r = make_in_place(ghost, index, place, ret_made);
	}
	return r;
}

/* At its path, or one beside it; *ret_path, PATH_MAX bytes, is where. */
static int make_at(struct ghost *ghost, struct scaffold *scaffold, size_t index, char *ret_path)
{
	cleanup_free struct place *place = calloc(1, sizeof(*place));
	const char *path = ghost->image->paths[index];
	cleanup_close int made = -EBADF;
	char name[PRINTABLE_SIZE], other[PRINTABLE_SIZE], wanted[PATH_MAX], way[PATH_MAX];
	int r;

	ghost_place(ghost, index, wanted);
	r = place ? make_way(scaffold, wanted, way) : -ENOMEM;
	if (r == 0)
		r = make_near(ghost, scaffold, index, way, place, &made);
	if (r < 0)
		return r;
	snprintf(ret_path, PATH_MAX, "%s", place->path);
	if (strcmp(path, place->seen) != 0)
		log_info("the deleted file '%s' comes back as '%s': its path belongs to another file now, or "
			 "is "
			 "hidden by a mount",
			 printable(path, name, sizeof(name)), printable(place->seen, other, sizeof(other)));
	if (place->tree_fd >= 0 && ghost->writable_door < 0)
		ghost->writable_door = open(place->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	r = open_name(ghost, index, place->seen, made);
	if (r < 0 && !S_ISDIR(ghost->image->mode))
		unlink(ret_path);
	return r;
}

static int open_kept(struct ghost *ghost)
{
	const Cr__Ghost *image = ghost->image;

	if (image->handle)
		return ghost_handle_open(image->handle, O_PATH | O_NOFOLLOW, &ghost->kept_fd);
	ghost->kept_fd = open(image->linked_path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return ghost->kept_fd < 0 ? -errno : 0;
}

/* What is still there and cannot get its old name here: as it was found. */
static int share_kept(struct ghost *ghost)
{
	for (size_t i = 0; i < ghost->image->n_paths; i++) {
		close_fd(&ghost->doors[i]);
		ghost->doors[i] = fcntl(ghost->kept_fd, F_DUPFD_CLOEXEC, 0);
		if (ghost->doors[i] < 0)
			return -errno;
	}
	return 0;
}

/* Under the path that something is mounted over: nothing is made. */
static int open_hidden(struct ghost *ghost)
{
	int r = open_kept(ghost);

	if (r == 0)
		r = share_kept(ghost);
	for (size_t i = 0; r == 0 && i < ghost->openings_count; i++) {
		struct ghost_opening *opening = &ghost->openings[i];

		r = ghost_handle_open(ghost->image->handle,
				      (int)(opening->flags & ~(uint32_t)OPEN_FILE_NAMELESS) | O_NOCTTY |
					      O_NONBLOCK,
				      &opening->fd);
	}
	return r;
}

static int duplicate_door(struct ghost *ghost, size_t index)
{
	ghost->doors[index] = fcntl(ghost->doors[0], F_DUPFD_CLOEXEC, 0);
	return ghost->doors[index] < 0 ? -errno : 0;
}

static int make_named(struct ghost *ghost, struct scaffold *scaffold, size_t first)
{
	cleanup_free char *places = calloc(ghost->image->n_paths, PATH_MAX);
	size_t count = first;
	int r = places ? 0 : -ENOMEM;

	if (r == 0 && ghost->image->origin == CR__GHOST_ORIGIN__GHOST_LINKED)
		r = open_kept(ghost);
	while (r == 0 && count < ghost->image->n_paths) {
		r = make_at(ghost, scaffold, count, places + count * PATH_MAX);
		/* A second one in another directory that is mounted read-only: the first has to do. */
		if (r == -EXDEV && count > 0 && ghost->writable_door >= 0)
			r = duplicate_door(ghost, count);
		if (r == 0)
			count++;
	}
	for (size_t i = first; i < count; i++)
		if (unlink(places + i * PATH_MAX) < 0 && errno != ENOENT && r == 0)
			r = -errno;
	return r < 0 && r != -ENOMEM && ghost->kept_fd >= 0 ? share_kept(ghost) : r;
}

/* Every path leads to the one door. */
static int share_door(struct ghost *ghost)
{
	int r = 0;

	for (size_t i = 1; r == 0 && i < ghost->image->n_paths; i++)
		r = duplicate_door(ghost, i);
	return r;
}

static int make_directory(struct ghost *ghost, struct scaffold *scaffold)
{
	char path[PATH_MAX];
	int r = make_at(ghost, scaffold, 0, path);

	if (r == 0)
		r = scaffold_add(scaffold, path);
	return r < 0 ? r : share_door(ghost);
}

/* The door of a file that has no name: what was made, as a mere path. */
static int open_made(struct ghost *ghost)
{
	char link[GHOST_LINK_SIZE];

	ghost->doors[0] = open(ghost_link(ghost->made_fd, link), O_PATH | O_CLOEXEC);
	return ghost->doors[0] < 0 ? -errno : 0;
}

/* May be given a name by the program, linkat(2), as what was deleted may not. */
static int make_nameless(struct ghost *ghost, struct scaffold *scaffold)
{
	char wanted[PATH_MAX], path[PATH_MAX], directory[PATH_MAX];
	int flags = ghost->made_object ? (int)ghost->made_flags : O_RDWR | O_TMPFILE;
	int r;

	ghost_place(ghost, 0, wanted);
	r = make_way(scaffold, wanted, path);
	if (r < 0)
		return r;
	snprintf(directory, sizeof(directory), "%.*s", (int)MAX(strrchr(path, '/') - path, (ptrdiff_t)1),
		 path);
	ghost->made_fd = open(directory, flags | O_TMPFILE | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	if (ghost->made_fd < 0 &&
	    (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL || errno == EROFS))
		return make_named(ghost, scaffold, 0);
	if (ghost->made_fd < 0)
		return -errno;
	r = open_made(ghost);
	return r < 0 ? r : make_named(ghost, scaffold, 1);
}

/* Kernels before 6.3 do not know the flags; sysctl vm.memfd_noexec 2 refuses the first. */
static int make_memfd(struct ghost *ghost)
{
	static const unsigned attempts[] = {MFD_EXEC, MFD_NOEXEC_SEAL, 0};
	const char *name = ghost->image->paths[0] + strlen(GHOST_MEMFD_PREFIX);
	uint64_t page_size = ghost->image->huge_page_size;
	unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int r;

	if (page_size)
		flags |= MFD_HUGETLB | (unsigned)memfd_huge_page_flags(page_size);
	for (size_t i = 0; ghost->made_fd < 0 && i < ARRAY_SIZE(attempts); i++)
		ghost->made_fd = memfd_create(name, flags | attempts[i]);
	if (ghost->made_fd < 0)
		return -errno;
	r = open_made(ghost);
	return r < 0 ? r : share_door(ghost);
}

/* Only a mapping makes it; a link to what is mapped leads to it. */
static int make_shared_memory(struct ghost *ghost)
{
	size_t size = (size_t)ghost->image->size;
	uint64_t page_size = ghost->image->huge_page_size;
	int huge = page_size ? (int)(MAP_HUGETLB | memfd_huge_page_flags(page_size)) : 0;
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE | huge, -1, 0);
	char link[64];
	int r;

	if (memory == MAP_FAILED)
		return -errno;
	snprintf(link, sizeof(link), "/proc/self/map_files/%lx-%lx", (unsigned long)memory,
		 (unsigned long)(memory + size));
	ghost->made_fd = open(link, O_RDWR | O_CLOEXEC);
	r = ghost->made_fd < 0 ? -errno : 0;
	munmap(memory, size);
	return r < 0 ? r : open_made(ghost);
}

static int make(struct restore *restore, struct ghost *ghost, struct scaffold *scaffold)
{
	switch (ghost->image->origin) {
	case CR__GHOST_ORIGIN__GHOST_SYSV:
		return ghost_sysv_make(ghost);
	case CR__GHOST_ORIGIN__GHOST_SHARED_MEMORY:
		return make_shared_memory(ghost);
	case CR__GHOST_ORIGIN__GHOST_MEMFD:
		return make_memfd(ghost);
	case CR__GHOST_ORIGIN__GHOST_NAMELESS:
		return make_nameless(ghost, scaffold);
	case CR__GHOST_ORIGIN__GHOST_HIDDEN:
		return open_hidden(ghost);
	case CR__GHOST_ORIGIN__GHOST_PROCESS:
		return dead_process_open(restore, ghost->image->paths[0], O_PATH | O_DIRECTORY,
					 ghost->image->mode, &ghost->doors[0]);
	default:
		return S_ISDIR(ghost->image->mode) ? make_directory(ghost, scaffold)
						   : make_named(ghost, scaffold, 0);
	}
}

static int compare_depths(const void *left, const void *right)
{
	const struct ghost *const *a = left, *const *b = right;
	size_t length_a = strlen((*a)->image->paths[0]), length_b = strlen((*b)->image->paths[0]);

	return (length_a > length_b) - (length_a < length_b);
}

/* Directories first, and those before what lies in them: what was one directory is to be one again. */
static size_t sort(struct ghost *ghosts, size_t count, struct ghost **order)
{
	size_t directories = 0, others = 0;

	for (size_t i = 0; i < count; i++)
		if (S_ISDIR(ghosts[i].image->mode))
			order[directories++] = &ghosts[i];
	for (size_t i = 0; i < count; i++)
		if (!S_ISDIR(ghosts[i].image->mode))
			order[directories + others++] = &ghosts[i];
	qsort(order, directories, sizeof(struct ghost *), compare_depths);
	return directories + others;
}

int ghost_create_all(struct restore *restore)
{
	size_t count = restore->ghosts_count;
	cleanup_(scaffold_done) struct scaffold scaffold = {0};
	cleanup_free struct ghost **order = calloc(count + 1, sizeof(struct ghost *));
	char name[PRINTABLE_SIZE];

	if (!order)
		return log_error_errno(-ENOMEM, "cannot make the deleted files");
	count = sort(restore->ghosts, count, order);
	for (size_t i = 0; i < count; i++) {
		int r = make(restore, order[i], &scaffold);

		if (r < 0)
			return log_error_errno(r, "cannot make the deleted file '%s' again",
					       ghost_name(order[i], name, sizeof(name)));
	}
	return 0;
}
