/* SPDX-License-Identifier: MIT */
/* Ghosts: files that no path leads to, and who uses them. */
#include "restorer/ghosts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/printable.h"
#include "common/vector.h"
#include "format/fd/open_file.h"
#include "format/layout.h"
#include "format/message.h"
#include "restorer/ghost.h"

const char *ghost_link(int fd, char buffer[GHOST_LINK_SIZE])
{
	snprintf(buffer, GHOST_LINK_SIZE, "/proc/self/fd/%d", fd);
	return buffer;
}

void ghost_place(const struct ghost *ghost, size_t index, char *buffer)
{
	const char *path = ghost->image->paths[index], *directory = ghost->image->directory;

	if (directory[0] == '\0' ||
	    snprintf(buffer, PATH_MAX, "%s%s", strcmp(directory, "/") == 0 ? "" : directory,
		     strrchr(path, '/')) >= PATH_MAX)
		snprintf(buffer, PATH_MAX, "%s", path);
}

const char *ghost_name(const struct ghost *ghost, char *buffer, size_t size)
{
	return printable(ghost->image->paths[0], buffer, size);
}

static void ghost_close(struct ghost *ghost)
{
	for (size_t i = 0; ghost->doors && i < ghost->image->n_paths; i++)
		close_fd(&ghost->doors[i]);
	for (size_t i = 0; i < ghost->openings_count; i++)
		close_fd(&ghost->openings[i].fd);
	close_fd(&ghost->writable_door);
	close_fd(&ghost->made_fd);
	close_fd(&ghost->kept_fd);
}

static void ghost_done(struct ghost *ghost)
{
	ghost_close(ghost);
	free(ghost->doors);
	free(ghost->openings);
	message_free(&ghost->image->base);
}

void ghosts_done(struct restore *restore)
{
	for (size_t i = 0; i < restore->ghosts_count; i++) {
		if (!restore->is_done)
			ghost_sysv_undo(&restore->ghosts[i]);
		ghost_done(&restore->ghosts[i]);
	}
	free(restore->ghosts);
	restore->ghosts = NULL;
	restore->ghosts_count = restore->ghosts_capacity = 0;
}

static struct ghost *find(struct restore *restore, uint32_t id)
{
	return id > 0 && id <= restore->ghosts_count ? &restore->ghosts[id - 1] : NULL;
}

int ghosts_read(struct restore *restore, int32_t id, Cr__Ghost *image)
{
	struct ghost *ghost = vector_append(restore, ghosts);
	const char *reason;

	if (!ghost) {
		message_free(&image->base);
		return log_error_errno(-ENOMEM, "cannot read the deleted files");
	}
	*ghost =
		(struct ghost){.image = image, .writable_door = -EBADF, .made_fd = -EBADF, .kept_fd = -EBADF};
	if (id != (int32_t)restore->ghosts_count || image->id != restore->ghosts_count) {
		log_error("bad archive: it is not number %zu of its kind", restore->ghosts_count);
		return -EBADMSG;
	}
	if (ghost_check(image, &reason) < 0) {
		log_error("bad archive: %s", reason);
		return -EBADMSG;
	}
	ghost->doors = calloc(image->n_paths, sizeof(int));
	if (!ghost->doors)
		return log_error_errno(-ENOMEM, "cannot read the deleted files");
	for (size_t i = 0; i < image->n_paths; i++)
		ghost->doors[i] = -EBADF;
	return 0;
}

/* -EBADMSG, logged, unless there is such a ghost, of such a type. */
static int check_use(struct restore *restore, uint32_t id, const char *path, uint32_t type, size_t *ret_index)
{
	const struct ghost *ghost = find(restore, id);

	if (!ghost) {
		log_error("bad archive: deleted file %u, which is not there, is in use", id);
		return -EBADMSG;
	}
	if (!ghost_has_path(ghost->image, path, ret_index) || (ghost->image->mode & S_IFMT) != type) {
		log_error("bad archive: deleted file %u is in use as what it is not", id);
		return -EBADMSG;
	}
	return 0;
}

/* What the description that a file was made with can be told by. */
static bool is_maker(const struct ghost *ghost, uint32_t flags)
{
	if (flags & O_PATH || ghost->made_object != 0)
		return false;
	if (ghost->image->origin == CR__GHOST_ORIGIN__GHOST_MEMFD)
		return (flags & O_ACCMODE) == O_RDWR;
	return ghost->image->origin == CR__GHOST_ORIGIN__GHOST_NAMELESS && flags & OPEN_FILE_NAMELESS &&
	       (flags & O_ACCMODE) != O_RDONLY;
}

int ghosts_claim(struct restore *restore, const struct ghost_claim *claim)
{
	struct ghost *ghost = find(restore, claim->ghost_id);
	struct ghost_opening *opening;
	size_t path = 0;
	int r = check_use(restore, claim->ghost_id, claim->path, claim->type, &path);

	if (r < 0)
		return r;
	if (is_maker(ghost, claim->flags)) {
		ghost->made_object = claim->object_id;
		ghost->made_flags = claim->flags;
		return 0;
	}
	if (!(claim->flags & O_NOFOLLOW))
		return 0;
	opening = vector_append(ghost, openings);
	if (!opening)
		return log_error_errno(-ENOMEM, "cannot plan the deleted files");
	*opening = (struct ghost_opening){
		.object_id = claim->object_id,
		.flags = claim->flags,
		.path = path,
		.fd = -EBADF,
	};
	return 0;
}

static int plan_file(struct restore *restore, const Cr__MappedFile *file, bool is_executed)
{
	int r = file->ghost_id ? check_use(restore, file->ghost_id, file->path, S_IFREG, NULL) : 0;
	const struct ghost *ghost = r == 0 ? find(restore, file->ghost_id) : NULL;
	const Cr__SysvSegment *segment = ghost ? ghost->image->sysv : NULL;

	if (r == 0 && (file->is_sysv != (segment != NULL) || (segment && file->sysv_id != segment->id))) {
		log_error("bad archive: segment %d of shared memory is not what is attached", file->sysv_id);
		return -EBADMSG;
	}
	if (r == 0 && file->ghost_id && is_executed)
		find(restore, file->ghost_id)->is_executed = true;
	return r;
}

static int plan_memory(struct restore *restore, const Cr__Memory *memory)
{
	int r = plan_file(restore, memory->exe, true);

	for (size_t i = 0; r == 0 && i < memory->n_files; i++)
		r = plan_file(restore, memory->files[i], false);
	for (size_t i = 0; r == 0 && i < memory->n_mappings; i++) {
		const Cr__Mapping *mapping = memory->mappings[i];

		if (mapping->prot & PROT_EXEC && mapping->file < memory->n_files)
			r = plan_file(restore, memory->files[mapping->file], true);
	}
	return r;
}

static int plan_directory(struct restore *restore, const Cr__Directory *directory)
{
	return directory && directory->ghost_id
		       ? check_use(restore, directory->ghost_id, directory->path, S_IFDIR, NULL)
		       : 0;
}

int ghosts_plan(struct restore *restore)
{
	for (size_t i = 0; i < restore->tasks_count; i++) {
		const struct task *task = &restore->tasks[i];
		int r = task->memory ? plan_memory(restore, task->memory) : 0;

		if (r == 0)
			r = plan_directory(restore, task->image->root);
		if (r == 0)
			r = plan_directory(restore, task->image->working_directory);
		if (r < 0)
			return r;
	}
	return 0;
}

int ghosts_create(struct restore *restore)
{
	int r = ghost_create_all(restore);

	for (size_t i = 0; r == 0 && i < restore->ghosts_count; i++)
		if (ghost_contents_size(restore->ghosts[i].image) == 0)
			r = ghost_fill(&restore->ghosts[i], NULL);
	return r;
}

struct ghost *ghosts_find_by_contents(struct restore *restore, const char *member_name, uint64_t *ret_size)
{
	const char *slash = strrchr(member_name, '/');
	struct ghost *ghost = slash ? find(restore, (uint32_t)strtoul(slash + 1, NULL, 10)) : NULL;
	char expected[LAYOUT_NAME_SIZE];

	if (!ghost || strcmp(layout_name(expected, LAYOUT_GHOST_CONTENTS_FORMAT, (int)ghost->image->id),
			     member_name) != 0)
		return NULL;
	*ret_size = ghost_contents_size(ghost->image);
	return *ret_size > 0 ? ghost : NULL;
}

bool ghost_meet_contents(struct ghost *ghost)
{
	bool is_first = !ghost->has_contents;

	ghost->has_contents = true;
	return is_first;
}

int ghosts_check_contents(struct restore *restore)
{
	/* Asked for each member of contents: those that have been found complete need not be looked at again.
	 */
	for (size_t i = restore->ghosts_complete; i < restore->ghosts_count; i++) {
		const struct ghost *ghost = &restore->ghosts[i];

		if (!ghost->has_contents && ghost_contents_size(ghost->image) > 0) {
			log_error("the contents of deleted file %u are missing", ghost->image->id);
			return -EBADMSG;
		}
	}
	restore->ghosts_complete = restore->ghosts_count;
	return 0;
}

int ghosts_fill(struct restore *restore, struct ghost *ghost)
{
	return ghost_fill(ghost, restore->reader);
}

int ghosts_door(const struct restore *restore, uint32_t id, const char *path)
{
	size_t index = 0;

	if (id == 0 || id > restore->ghosts_count ||
	    !ghost_has_path(restore->ghosts[id - 1].image, path, &index))
		return -EBADF;
	return restore->ghosts[id - 1].doors[index];
}

static int open_door(const struct ghost *ghost, int door, int flags, int *ret_fd)
{
	char link[GHOST_LINK_SIZE], name[PRINTABLE_SIZE];
	int fd = open(ghost_link(door, link), flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return log_error_errno(-errno, "cannot open the deleted file '%s'",
				       ghost_name(ghost, name, sizeof(name)));
	*ret_fd = fd;
	return 0;
}

static int duplicate(int fd, int *ret_fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (copy < 0)
		return log_error_errno(-errno, "cannot open a deleted file");
	*ret_fd = copy;
	return 0;
}

int ghosts_open(struct restore *restore, uint32_t id, const char *path, int flags, int *ret_fd)
{
	const struct ghost *ghost = find(restore, id);
	size_t index = 0;

	if (!ghost || !ghost_has_path(ghost->image, path, &index))
		return log_error_errno(-ENOENT, "cannot find a deleted file");
	/* A memfd that is running as a program cannot be opened for writing anew. */
	if (ghost->image->origin == CR__GHOST_ORIGIN__GHOST_MEMFD && (flags & O_ACCMODE) == O_RDWR)
		return duplicate(ghost->made_fd, ret_fd);
	return open_door(ghost, ghost->doors[index], flags, ret_fd);
}

int ghosts_open_claimed(struct restore *restore, const struct ghost_claim *claim, int *ret_fd)
{
	struct ghost *ghost = find(restore, claim->ghost_id);
	uint32_t flags = claim->flags & ~(uint32_t)O_NOFOLLOW;
	size_t index = 0;

	if (!ghost || !ghost_has_path(ghost->image, claim->path, &index))
		return log_error_errno(-ENOENT, "cannot find a deleted file");
	if (ghost->made_object == claim->object_id && ghost->made_fd >= 0)
		return duplicate(ghost->made_fd, ret_fd);
	for (size_t i = 0; i < ghost->openings_count; i++) {
		struct ghost_opening *opening = &ghost->openings[i];

		if (opening->object_id == claim->object_id && opening->fd >= 0) {
			*ret_fd = take_fd(&opening->fd);
			return 0;
		}
	}
	if (flags & OPEN_FILE_NAMELESS)
		flags &= ~(uint32_t)O_TMPFILE;
	return open_door(ghost, ghost->doors[index], (int)flags, ret_fd);
}

int ghosts_finish(struct restore *restore)
{
	for (size_t i = 0; i < restore->ghosts_count; i++) {
		int r = ghost_finish(&restore->ghosts[i]);

		if (r < 0)
			return r;
	}
	/* What was made outside of files is remembered until all has gone well. */
	for (size_t i = 0; i < restore->ghosts_count; i++)
		ghost_close(&restore->ghosts[i]);
	return 0;
}
