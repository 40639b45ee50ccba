/* SPDX-License-Identifier: MIT */
/* FIFOs, at restore. */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/printable.h"
#include "common/proc/fd_search.h"
#include "restorer/fd/pipe_ends.h"
#include "restorer/ghosts.h"

extern const struct fd_restorer fifo_fd_restorer;

static const Cr__Pipe *entry_of(const struct object *object)
{
	return (const Cr__Pipe *)object->entry;
}

static int fifo_read(struct restore *restore maybe_unused, struct object *object, const char **ret_reason)
{
	return pipe_end_read(object, true, ret_reason);
}

/* The FIFO that the path of an object leads to now; false if there is none, which others say, or is to be
 * none. */
static bool find_file(const struct object *object, struct fd_object *ret_file)
{
	const Cr__NamedFile *file = entry_of(object)->file;
	struct stat st;

	if (file->ghost_id || stat(file->path, &st) < 0 || !S_ISFIFO(st.st_mode))
		return false;
	*ret_file = (struct fd_object){.type = FD_OBJECT_FILE, .device = st.st_dev, .inode = st.st_ino};
	return true;
}

static void refuse_holders(struct restore *restore, const struct object *object,
			   const struct fd_holder *holders, size_t count)
{
	char place[64], path[PRINTABLE_SIZE], comm[128];

	for (size_t i = 0; i < count; i++) {
		if (holders[i].flags & O_PATH)
			continue;
		blockers_add(
			&restore->blockers,
			"%s: the FIFO '%s' is open in '%s' (pid %d, fd %d), which was not so when it was "
			"dumped, and would get what is the program's: end that process",
			object_place(restore, object, place, sizeof(place)),
			printable(entry_of(object)->file->path, path, sizeof(path)),
			printable(holders[i].comm, comm, sizeof(comm)), holders[i].pid, holders[i].fd);
	}
}

/* Of all FIFOs at once: whoever has one open now would be mixed up with the program. */
static int check_holders(struct restore *restore)
{
	cleanup_(fd_search_done) struct fd_search search = {0};
	struct fd_object file;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < restore->objects_count; i++) {
		const struct object *object = &restore->objects[i];

		if (object->kind == &fifo_fd_restorer && entry_of(object)->state && find_file(object, &file))
			r = fd_search_add(&search, &file);
	}
	if (r >= 0 && search.entries_count > 0)
		r = fd_search_run(&search);
	if (r < 0)
		return log_error_errno(r, "cannot look at the descriptors of other processes");
	for (size_t i = 0; search.entries_count > 0 && i < restore->objects_count; i++) {
		const struct object *object = &restore->objects[i];
		const struct fd_holder *holders;
		size_t count;

		if (object->kind != &fifo_fd_restorer || !entry_of(object)->state ||
		    !find_file(object, &file))
			continue;
		holders = fd_search_get(&search, &file, &count);
		refuse_holders(restore, object, holders, count);
	}
	return 0;
}

/* Whether no other is planned before it. */
static bool is_first(const struct restore *restore, const struct object *object)
{
	for (size_t i = 0; &restore->objects[i] != object; i++) {
		if (restore->objects[i].kind == object->kind)
			return false;
	}
	return true;
}

static int fifo_plan(struct restore *restore, struct object *object)
{
	const Cr__NamedFile *file = entry_of(object)->file;
	const struct ghost_claim claim = {
		.ghost_id = file->ghost_id,
		.path = file->path,
		.type = S_IFIFO,
		.object_id = object->image->id,
		.flags = object->image->flags,
	};
	int r = pipe_end_plan(restore, FD_KIND_fifo, object);

	if (r == 0 && file->ghost_id)
		r = ghosts_claim(restore, &claim);
	return r < 0 || !is_first(restore, object) ? r : check_holders(restore);
}

static int open_first(struct restore *restore, struct pipe *pipe)
{
	const char *path = pipe->file->path;
	int bytes = 0, r;
	struct stat st;

	/* Not something else by mistake, that it might wait for or change. */
	if (!pipe->file->ghost_id && stat(path, &st) < 0)
		return log_error_errno(-errno, "cannot find '%s'", path);
	if (!pipe->file->ghost_id && !S_ISFIFO(st.st_mode))
		return log_error_errno(-ESTALE, "'%s' is no FIFO any more", path);
	r = pipe_open_file(restore, pipe->file, O_RDONLY, &pipe->read_fd);
	if (r < 0)
		return r;
	if (fstat(pipe->read_fd, &st) < 0 || ioctl(pipe->read_fd, FIONREAD, &bytes) < 0)
		return log_error_errno(-errno, "cannot look into '%s'", path);
	if (!S_ISFIFO(st.st_mode) || bytes > 0) {
		log_error("'%s' holds data that are not the program's", path);
		return -EBUSY;
	}
	return pipe_open_ends(restore, pipe, false);
}

static int fifo_open(struct restore *restore, const struct object *object, int *ret_fd)
{
	struct pipe *pipe = object->state;
	int r = pipe->is_open ? 0 : open_first(restore, pipe);

	return r < 0 ? r : pipe_end_take(object, ret_fd);
}

static int fifo_fill(struct restore *restore, const struct object *object, int our_fd)
{
	return pipe_end_fill(restore, object, our_fd);
}

static void fifo_kind_done(struct restore *restore)
{
	pipe_ends_done(restore, FD_KIND_fifo);
}

const struct fd_restorer fifo_fd_restorer = {
	.name = "fifo",
	.read = fifo_read,
	.plan = fifo_plan,
	.open = fifo_open,
	.fill = fifo_fill,
	.kind_done = fifo_kind_done,
};
