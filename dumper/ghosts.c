/* SPDX-License-Identifier: MIT */
/* Ghosts: files that are in use but that no path leads to. */
#include "dumper/ghosts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/syscall.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/log.h"
#include "common/memfd.h"
#include "common/proc/mount_points.h"
#include "common/vector.h"
#include "dumper/fd/fd_info.h"
#include "dumper/ghost.h"
#include "dumper/ghost_file.h"
#include "dumper/hidden_file.h"
#include "dumper/other_name.h"
#include "format/fd/kernel_file.h"
#include "format/ghost.h"
#include "format/layout.h"

const char *ghost_path(struct dump *dump, const char *link)
{
	size_t length = strlen(link), suffix = strlen(GHOST_LINK_SUFFIX);

	if (length <= suffix || strcmp(link + length - suffix, GHOST_LINK_SUFFIX) != 0)
		return NULL;
	return arena_format(&dump->arena, "%.*s", (int)(length - suffix), link);
}

static struct ghosts *state(struct dump *dump)
{
	if (!dump->ghosts)
		dump->ghosts = arena_new(&dump->arena, struct ghosts);
	return dump->ghosts;
}

struct ghost *ghost_find(const struct ghosts *ghosts, dev_t device, ino_t inode)
{
	struct ghost *ghost = id_map_get_pointer(&ghosts->by_inode, inode);

	while (ghost && (ghost->device != device || ghost->inode != inode))
		ghost = ghost->next;
	return ghost;
}

static int add_path(struct dump *dump, struct ghost *ghost, const char *path)
{
	char **slot;

	for (size_t i = 0; i < ghost->paths_count; i++)
		if (strcmp(ghost->paths[i], path) == 0)
			return 0;
	slot = vector_append(ghost, paths);
	if (!slot)
		return -ENOMEM;
	*slot = arena_string(&dump->arena, path);
	ghost->image.paths = ghost->paths;
	ghost->image.n_paths = ghost->paths_count;
	return *slot ? 0 : -ENOMEM;
}

/* The mount that FD is of; 0: not known. */
static uint64_t mount_of(int fd)
{
	struct statx facts = {0};

	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &facts) < 0 || !(facts.stx_mask & STATX_MNT_ID))
		return 0;
	return facts.stx_mnt_id;
}

/* Whether what is left of the path is of the mount that the file is of. */
static bool is_of_the_same_mount(int fd, const char *path)
{
	struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS};
	char directory[PATH_MAX];
	char *slash;

	snprintf(directory, sizeof(directory), "%s", path);
	while ((slash = strrchr(directory, '/'))) {
		cleanup_close int found = -EBADF;

		slash[slash == directory ? 1 : 0] = '\0';
		found = (int)syscall(SYS_openat2, AT_FDCWD, directory, &how, sizeof(how));
		if (found >= 0)
			return mount_of(found) == mount_of(fd);
		if ((errno != ENOENT && errno != ENOTDIR) || slash == directory)
			return false;
	}
	return false;
}

static bool is_memory(const struct ghost_use *use, uint64_t huge_page_size)
{
	return huge_page_size ? memfd_is_huge_device(use->stat.st_dev, huge_page_size)
			      : memfd_is_device(use->stat.st_dev);
}

static bool is_memfd(const struct ghost_use *use, uint64_t huge_page_size)
{
	return S_ISREG(use->stat.st_mode) && use->stat.st_nlink == 0 &&
	       strncmp(use->path, GHOST_MEMFD_PREFIX, strlen(GHOST_MEMFD_PREFIX)) == 0 &&
	       is_memory(use, huge_page_size);
}

/* Of mmap(2) with MAP_SHARED and MAP_ANONYMOUS. */
static bool is_shared_memory(const struct ghost_use *use, uint64_t huge_page_size)
{
	return S_ISREG(use->stat.st_mode) && is_memory(use, huge_page_size) &&
	       strcmp(use->path, huge_page_size ? GHOST_SHARED_MEMORY_HUGE_PATH : GHOST_SHARED_MEMORY_PATH) ==
		       0;
}

/* The kernel calls what O_TMPFILE makes by the number of its inode. */
static bool is_made_nameless(const struct ghost_use *use)
{
	const char *slash = strrchr(use->path, '/');
	char name[32];

	snprintf(name, sizeof(name), "/#%ju", (uintmax_t)use->stat.st_ino);
	return S_ISREG(use->stat.st_mode) && slash && strcmp(slash, name) == 0;
}

static bool is_of_filesystem(const struct ghost_use *use, int64_t magic)
{
	struct statfs filesystem;

	return fstatfs(use->fd, &filesystem) == 0 && (uint32_t)filesystem.f_type == magic;
}

/* A file of an overlay's lower layer keeps its link there, which the overlay hides. */
static bool is_hidden_by_overlay(const struct ghost_use *use)
{
	return use->stat.st_nlink == 1 && is_of_filesystem(use, OVERLAYFS_SUPER_MAGIC);
}

/* 1 after adding a blocker. */
static int collect_hidden(struct dump *dump, const struct ghost_use *use, Cr__Ghost *image)
{
	int r = hidden_file_describe(dump, use->fd, &use->stat, &image->handle);

	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		blockers_add(&dump->blockers, "%s; %s", use->hidden_as, hidden_file_obstacle(r));
		return 1;
	}
	image->origin = CR__GHOST_ORIGIN__GHOST_HIDDEN;
	return 0;
}

/* It has names, but none is known: by its handle. 1 if it is found, 0 if it has none after all, -ENOENT after
 * adding a blocker. */
static int find_without_name(struct dump *dump, const struct ghost_use *use, Cr__Ghost *image)
{
	int r = is_hidden_by_overlay(use) ? 0
					  : hidden_file_describe(dump, use->fd, &use->stat, &image->handle);

	if (r == -ENOMEM || image->handle || is_hidden_by_overlay(use))
		return r < 0 ? r : image->handle != NULL;
	blockers_add(
		&dump->blockers,
		"the name of its file '%s' has been deleted; it has %ju other%s, not found in or near that "
		"directory: link(2) it to a name there, or delete them; %s",
		fd_info_printable(use->path, &dump->arena), (uintmax_t)use->stat.st_nlink,
		use->stat.st_nlink == 1 ? "" : "s", hidden_file_obstacle(r));
	return -ENOENT;
}

static int collect_mounted_paths(struct dump *dump, struct ghosts *ghosts)
{
	cleanup_free char *text = NULL;
	struct cursor cursor;
	char path[PATH_MAX], **slot;
	size_t size;
	int r = file_read_at(AT_FDCWD, "/proc/self/mountinfo", MOUNT_POINTS_TEXT_MAX, &text, &size);

	if (r < 0)
		return r;
	cursor = CURSOR(text, size);
	while ((r = mount_points_next_deleted(&cursor, path)) > 0) {
		slot = vector_append(ghosts, mounted_paths);
		if (!slot || !(*slot = arena_string(&dump->arena, path)))
			return -ENOMEM;
	}
	ghosts->has_mounted_paths = r == 0;
	return r;
}

/* It has no name, but may be mounted on another file still, or directory, which leads there then. */
static int find_mounted(struct dump *dump, const struct ghost_use *use, Cr__Ghost *image)
{
	struct ghosts *ghosts = dump->ghosts;
	int r = ghosts->has_mounted_paths ? 0 : collect_mounted_paths(dump, ghosts);

	for (size_t i = 0; r == 0 && i < ghosts->mounted_paths_count; i++) {
		char *path = ghosts->mounted_paths[i];

		if (file_leads_to(path, &use->stat) <= 0)
			continue;
		if (!S_ISDIR(use->stat.st_mode)) {
			image->linked_path = path;
			return 1;
		}
		blockers_add(
			&dump->blockers,
			"its directory '%s' has been deleted, but is still mounted on '%s': after a restore "
			"each would be a directory of its own; umount(8) that",
			fd_info_printable(use->path, &dump->arena), fd_info_printable(path, &dump->arena));
		return -ENOENT;
	}
	return r;
}

/* 1 if it has another name, which is noted, 0 if it has none, -ENOENT after adding a blocker. */
static int find_other_name(struct dump *dump, const struct ghost_use *use, Cr__Ghost *image)
{
	cleanup_free char *other = NULL;
	int r;

	if (use->stat.st_nlink == 0 || S_ISDIR(use->stat.st_mode))
		return find_mounted(dump, use, image);
	r = other_name_find(use->path, &use->stat, &other);
	if (r == -ENOENT)
		return find_without_name(dump, use, image);
	if (r < 0)
		return r;
	image->linked_path = arena_string(&dump->arena, other);
	return image->linked_path ? 1 : -ENOMEM;
}

/* Where it can be made again, as its directory is hidden. 1 after adding a blocker. */
static int find_other_place(struct dump *dump, const struct ghost_use *use, const char *name,
			    Cr__Ghost *image)
{
	int r = hidden_file_find_mount(dump, use->fd, &use->stat, &image->directory);

	if (r == -ENOENT)
		blockers_add(&dump->blockers,
			     "its file '%s' has been deleted, and that path is not of its file system here "
			     "(something is mounted over it, it was unmounted, or belongs to another mount "
			     "namespace); %s",
			     name, hidden_file_obstacle(r));
	return r == -ENOENT ? 1 : r;
}

/* The path leads there no more, so it has ended; another may have the number by now. */
static bool is_of_ended_process(const struct ghost_use *use)
{
	const char *rest;
	pid_t pid, tid;

	return S_ISDIR(use->stat.st_mode) && is_of_filesystem(use, PROC_SUPER_MAGIC) &&
	       kernel_file_is_of_process(use->path, &pid, &tid, &rest);
}

/* 1 after adding a blocker. */
static int classify(struct dump *dump, const struct ghost_use *use, Cr__Ghost *image)
{
	const char *name = fd_info_printable(use->path, &dump->arena);
	bool is_hidden;
	int r;

	if (is_of_ended_process(use)) {
		image->origin = CR__GHOST_ORIGIN__GHOST_PROCESS;
		return 0;
	}
	if (use->hidden_as)
		return collect_hidden(dump, use, image);
	image->huge_page_size = memfd_huge_page_size(use->fd);
	if (is_memfd(use, image->huge_page_size)) {
		image->origin = CR__GHOST_ORIGIN__GHOST_MEMFD;
		return 0;
	}
	if (use->sysv) {
		image->origin = CR__GHOST_ORIGIN__GHOST_SYSV;
		image->sysv = use->sysv;
		return 0;
	}
	if (is_shared_memory(use, image->huge_page_size)) {
		image->origin = CR__GHOST_ORIGIN__GHOST_SHARED_MEMORY;
		return 0;
	}
	if (is_of_filesystem(use, SECRETMEM_MAGIC)) {
		blockers_add(&dump->blockers, "is secret memory (memfd_secret), which nobody else can read");
		return 1;
	}
	is_hidden = !is_of_the_same_mount(use->fd, use->path);
	r = is_hidden && use->stat.st_nlink > 0 && !S_ISDIR(use->stat.st_mode)
		    ? find_without_name(dump, use, image)
		    : find_other_name(dump, use, image);
	if (r == -ENOENT)
		return 1;
	if (r < 0)
		return log_error_errno(r, "cannot look for another name of '%s'", name);
	if (r == 1)
		image->origin = CR__GHOST_ORIGIN__GHOST_LINKED;
	else if (is_made_nameless(use))
		image->origin = CR__GHOST_ORIGIN__GHOST_NAMELESS;
	return r == 0 && is_hidden ? find_other_place(dump, use, name, image) : 0;
}

/* 1 after adding a blocker. */
static int collect(struct dump *dump, const struct process *process, const struct ghost_use *use,
		   struct ghost *ghost)
{
	Cr__Ghost *image = &ghost->image;
	const char *name = fd_info_printable(use->path, &dump->arena);
	int r;

	/* Opening it, even without waiting, would make its holder give it up. */
	if (fcntl(use->fd, F_GETLEASE) == F_WRLCK) {
		blockers_add(&dump->blockers,
			     "its file '%s' has been deleted and has a write lease, under which it cannot be "
			     "read",
			     name);
		return 1;
	}
	r = classify(dump, use, image);
	if (r != 0)
		return r;
	if (ghost_is_stored(image))
		return ghost_file_collect(dump, ghost->fd, &use->stat, name, image);
	image->mode = use->stat.st_mode;
	image->size = S_ISREG(use->stat.st_mode) ? (uint64_t)use->stat.st_size : 0;
	if (image->linked_path[0] == '\0')
		return 0;
	r = dump_require_file(dump, process, image->linked_path, &use->stat, false,
			      "other name of an open file");
	return r < 0 ? log_error_errno(r, "cannot note '%s'", name) : 0;
}

static int add(struct dump *dump, const struct process *process, const struct ghost_use *use,
	       struct ghost **ret_ghost)
{
	struct ghosts *ghosts = state(dump);
	struct ghost *ghost = arena_new(&dump->arena, struct ghost), **slot;
	char link[32];
	int r;

	if (!ghosts || !ghost)
		return -ENOMEM;
	ghost->where = arena_string(&dump->arena, use->where);
	if (!ghost->where)
		return -ENOMEM;
	ghost->device = use->stat.st_dev;
	ghost->inode = use->stat.st_ino;
	ghost->next = id_map_get_pointer(&ghosts->by_inode, ghost->inode);
	ghost->pid = process->pidref.pid;
	cr__ghost__init(&ghost->image);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", use->fd);
	/* Of our own, so that nothing is kept of the description when the program closes it. */
	ghost->fd = S_ISLNK(use->stat.st_mode) ? fcntl(use->fd, F_DUPFD_CLOEXEC, 0)
					       : open(link, O_PATH | O_CLOEXEC);
	if (ghost->fd < 0)
		return -errno;
	r = collect(dump, process, use, ghost);
	ghost->is_blocked = r != 0;
	slot = r == 0 ? vector_append(ghosts, ghosts) : vector_append(ghosts, blocked);
	if (slot)
		*slot = ghost;
	else
		close_fd(&ghost->fd);
	if (r < 0)
		return r;
	if (!slot || id_map_set_pointer(&ghosts->by_inode, ghost->inode, ghost) < 0)
		return -ENOMEM;
	ghost->image.id = r == 0 ? (uint32_t)ghosts->ghosts_count : 0;
	*ret_ghost = ghost;
	return 0;
}

int ghosts_add(struct dump *dump, const struct process *process, const struct ghost_use *use,
	       uint32_t *ret_id)
{
	struct ghost *ghost =
		dump->ghosts ? ghost_find(dump->ghosts, use->stat.st_dev, use->stat.st_ino) : NULL;
	int r = ghost ? 0 : add(dump, process, use, &ghost);

	if (r == 0)
		r = add_path(dump, ghost, use->path);
	if (r < 0)
		return log_error_errno(r, "cannot note its deleted file");
	ghost->may_be_written |= use->may_write;
	ghost->is_shareable |= !use->is_private;
	*ret_id = ghost->image.id;
	return 0;
}

int ghosts_write(struct dump *dump)
{
	for (size_t i = 0; dump->ghosts && i < dump->ghosts->ghosts_count; i++) {
		const Cr__Ghost *image = &dump->ghosts->ghosts[i]->image;
		char name[LAYOUT_NAME_SIZE];
		int r = archive_writer_message(
			dump->writer, layout_name(name, LAYOUT_GHOST_FORMAT, (int)image->id), &image->base);

		if (r < 0)
			return r;
	}
	return 0;
}

static int write_contents(struct dump *dump, const struct ghost *ghost)
{
	char name[LAYOUT_NAME_SIZE];
	int r;

	LOG_SCOPE("deleted file '%s'", ghost->paths[0]);
	r = archive_writer_member_begin(dump->writer,
					layout_name(name, LAYOUT_GHOST_CONTENTS_FORMAT, (int)ghost->image.id),
					ghost_contents_size(&ghost->image));
	if (r == 0)
		r = ghost_file_write(dump, ghost->fd, &ghost->image);
	return r < 0 ? r : archive_writer_member_end(dump->writer);
}

int ghosts_write_contents(struct dump *dump)
{
	for (size_t i = 0; dump->ghosts && i < dump->ghosts->ghosts_count; i++) {
		const struct ghost *ghost = dump->ghosts->ghosts[i];
		int r = ghost->image.n_extent_sizes > 0 ? write_contents(dump, ghost) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

static void ghosts_free(struct ghost **ghosts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		close_fd(&ghosts[i]->fd);
		free(ghosts[i]->paths);
	}
	free(ghosts);
}

void ghosts_done(struct dump *dump)
{
	struct ghosts *ghosts = dump->ghosts;

	if (!ghosts)
		return;
	ghosts_free(ghosts->ghosts, ghosts->ghosts_count);
	ghosts_free(ghosts->blocked, ghosts->blocked_count);
	free(ghosts->mounted_paths);
	id_map_done(&ghosts->by_inode);
	dump->ghosts = NULL;
}
