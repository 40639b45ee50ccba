/* SPDX-License-Identifier: MIT */
/* Opens and fills pipes and FIFOs. */
#include "restorer/fd/pipe_ends.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/log.h"
#include "common/vector.h"
#include "format/fd/pipe.h"
#include "restorer/fd/pipe_contents.h"
#include "restorer/ghosts.h"

/* What a kind keeps. */
struct pipe_kind {
	struct pipe **pipes; /* owned */
	size_t pipes_count, pipes_capacity;
	struct id_map by_id;   /* first_id -> struct pipe */
	uint64_t capacity_max; /* /proc/sys/fs/pipe-max-size; 0: not read yet */
};

static const Cr__Pipe *entry_of(const struct object *object)
{
	return (const Cr__Pipe *)object->entry;
}

static struct pipe_kind *kind_of(struct restore *restore, enum fd_kind kind)
{
	if (!restore->fd_kind_states[kind])
		restore->fd_kind_states[kind] = calloc(1, sizeof(struct pipe_kind));
	return restore->fd_kind_states[kind];
}

static void pipe_free(struct pipe *pipe)
{
	close_fd(&pipe->read_fd);
	close_fd(&pipe->write_fd);
	for (size_t i = 0; i < pipe->ends_count; i++)
		close_fd(&pipe->ends[i].fd);
	free(pipe->ends);
	free(pipe);
}

void pipe_ends_done(struct restore *restore, enum fd_kind kind)
{
	struct pipe_kind *state = restore->fd_kind_states[kind];

	if (!state)
		return;
	for (size_t i = 0; i < state->pipes_count; i++)
		pipe_free(state->pipes[i]);
	free(state->pipes);
	id_map_done(&state->by_id);
	free(state);
	restore->fd_kind_states[kind] = NULL;
}

int pipe_end_read(struct object *object, bool is_fifo, const char **ret_reason)
{
	const Cr__Pipe *entry = entry_of(object);
	int r = pipe_check(object->image, entry, is_fifo, ret_reason);

	if (r == 0 && entry->state)
		object->contents_size = pipe_state_bytes(entry->state);
	return r;
}

/* The pipe of an object, new if it is the first that is met. */
static struct pipe *find_pipe(struct pipe_kind *kind, uint32_t first_id)
{
	struct pipe *pipe = id_map_get_pointer(&kind->by_id, first_id), **slot;

	if (pipe)
		return pipe;
	slot = vector_append(kind, pipes);
	if (!slot)
		return NULL;
	pipe = calloc(1, sizeof(*pipe));
	if (!pipe || id_map_set_pointer(&kind->by_id, first_id, pipe) < 0) {
		free(pipe);
		kind->pipes_count--;
		return NULL;
	}
	*slot = pipe;
	pipe->first_id = first_id;
	pipe->read_fd = pipe->write_fd = -EBADF;
	return pipe;
}

static bool is_original(const struct pipe *pipe, const struct pipe_end *end)
{
	return !pipe->file && pipe_end_is_original(end->object->image->flags);
}

static bool has_original(const struct pipe *pipe, uint32_t access_mode)
{
	for (size_t i = 0; i < pipe->ends_count; i++) {
		if (is_original(pipe, &pipe->ends[i]) &&
		    (pipe->ends[i].object->image->flags & O_ACCMODE) == access_mode)
			return true;
	}
	return false;
}

static int refuse(const struct object *object, const char *why)
{
	log_error("bad archive: open file %u (%s) %s", object->image->id, object->kind->name, why);
	return -EBADMSG;
}

static int add_end(struct restore *restore, struct pipe *pipe, struct object *object)
{
	const struct object *first = object_find(restore, pipe->first_id);
	struct pipe_end *end;

	if (!first || first->kind != object->kind || !entry_of(first)->state)
		return refuse(object, "is of a pipe that is not there");
	pipe->state = entry_of(first)->state;
	pipe->file = entry_of(first)->file;
	if (!pipe->file && pipe_end_is_original(object->image->flags) &&
	    has_original(pipe, object->image->flags & O_ACCMODE))
		return refuse(object, "is a second end of its pipe, of which pipe(2) makes one");
	end = vector_append(pipe, ends);
	if (!end)
		return log_error_errno(-ENOMEM, "cannot plan the pipes");
	*end = (struct pipe_end){.object = object, .fd = -EBADF};
	object->state = pipe;
	return 0;
}

static int read_capacity_max(struct pipe_kind *kind)
{
	cleanup_free char *text = NULL;
	int r;

	if (kind->capacity_max != 0)
		return 0;
	r = file_read_at(AT_FDCWD, "/proc/sys/fs/pipe-max-size", 64, &text, NULL);
	if (r < 0)
		return log_error_errno(r, "cannot read '/proc/sys/fs/pipe-max-size'");
	kind->capacity_max = strtoull(text, NULL, 10);
	return 0;
}

/* What the user may not do. */
static int check_rights(struct restore *restore, struct pipe_kind *kind, const struct object *object)
{
	const Cr__PipeState *state = entry_of(object)->state;
	bool is_made = !entry_of(object)->file;
	char place[64];
	int r = read_capacity_max(kind);

	if (r < 0)
		return r;
	object_place(restore, object, place, sizeof(place));
	if (state->capacity > kind->capacity_max &&
	    !kernel_features_has_cap(&restore->features, CAP_SYS_RESOURCE))
		blockers_add(
			&restore->blockers,
			"%s: its pipe has a capacity of %u bytes, and at most %" PRIu64
			" are allowed here: set fs.pipe-max-size to as much (sysctl), or give cr-restore "
			"CAP_SYS_RESOURCE",
			place, state->capacity, kind->capacity_max);
	if (is_made && (state->uid != geteuid() || state->gid != getegid()) &&
	    !kernel_features_has_cap(&restore->features, CAP_CHOWN))
		blockers_add(
			&restore->blockers,
			"%s: its pipe belongs to user %u, group %u, which only a cr-restore with CAP_CHOWN "
			"can give it: run it as root",
			place, state->uid, state->gid);
	return 0;
}

int pipe_end_plan(struct restore *restore, enum fd_kind kind, struct object *object)
{
	struct pipe_kind *state = kind_of(restore, kind);
	struct pipe *pipe = state ? find_pipe(state, entry_of(object)->first_id) : NULL;
	int r;

	if (!pipe)
		return log_error_errno(-ENOMEM, "cannot plan the pipes");
	r = add_end(restore, pipe, object);
	return r < 0 || !entry_of(object)->state ? r : check_rights(restore, state, object);
}

/* The pipe of OUR_FD. */
static int open_again(int our_fd, uint32_t flags, int *ret_fd)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", our_fd);
	fd = open(path, (int)flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return log_error_errno(-errno, "cannot open the pipe again, by '%s'", path);
	*ret_fd = fd;
	return 0;
}

static bool is_same_file(int one, int other)
{
	struct stat a, b;

	return fstat(one, &a) == 0 && fstat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

int pipe_open_file(struct restore *restore, const Cr__NamedFile *file, uint32_t flags, int *ret_fd)
{
	char link[64];
	int fd;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", ghosts_door(restore, file->ghost_id, file->path));
	fd = open(file->ghost_id ? link : file->path, (int)flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return log_error_errno(-errno, "cannot open '%s'", file->path);
	*ret_fd = fd;
	return 0;
}

/* A FIFO by another path than the first, or in another way than a link allows. */
static int open_by_path(struct restore *restore, const struct pipe *pipe, const Cr__NamedFile *file,
			uint32_t flags, int *ret_fd)
{
	cleanup_close int fd = -EBADF;
	int r = pipe_open_file(restore, file, flags, &fd);

	if (r < 0)
		return r;
	if (!is_same_file(fd, pipe->read_fd))
		return log_error_errno(-ESTALE, "'%s' is not the same FIFO as '%s' any more", file->path,
				       pipe->file->path);
	*ret_fd = take_fd(&fd);
	return 0;
}

static int open_end(struct restore *restore, const struct pipe *pipe, struct pipe_end *end)
{
	const Cr__NamedFile *file = entry_of(end->object)->file;
	uint32_t wanted = end->object->image->flags, flags = wanted & ~(uint32_t)OBJECT_FLAGS_SETTABLE;
	int got, r = 0;

	if (is_original(pipe, end))
		end->fd = fcntl((wanted & O_ACCMODE) == O_RDONLY ? pipe->read_fd : pipe->write_fd,
				F_DUPFD_CLOEXEC, 0);
	else if (file && (strcmp(file->path, pipe->file->path) != 0 || flags & O_NOFOLLOW))
		r = open_by_path(restore, pipe, file, flags, &end->fd);
	else
		r = open_again(pipe->read_fd, flags, &end->fd);
	if (r < 0)
		return r;
	got = end->fd < 0 ? -1 : fcntl(end->fd, F_GETFL);
	if (got < 0)
		return log_error_errno(-errno, "cannot open a pipe");
	if (((uint32_t)got ^ wanted) & ~(uint32_t)OBJECT_FLAGS_SETTABLE)
		return log_error_errno(-EIO, "a pipe has flags 0%o instead of 0%o", (unsigned)got, wanted);
	return 0;
}

static int open_ends_that(struct restore *restore, struct pipe *pipe, bool are_quiet)
{
	for (size_t i = 0; i < pipe->ends_count; i++) {
		struct pipe_end *end = &pipe->ends[i];
		int r = entry_of(end->object)->is_quiet == are_quiet ? open_end(restore, pipe, end) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

static int set_capacity(const struct pipe *pipe)
{
	uint32_t wanted = pipe->state->capacity;

	if (wanted == 0 || fcntl(pipe->read_fd, F_GETPIPE_SZ) == (int)wanted)
		return 0;
	if (fcntl(pipe->read_fd, F_SETPIPE_SZ, wanted) < 0)
		return log_error_errno(-errno, "cannot give a pipe a capacity of %u bytes", wanted);
	return 0;
}

static int set_owner(const struct pipe *pipe)
{
	const Cr__PipeState *state = pipe->state;
	struct stat st;

	if (fstat(pipe->read_fd, &st) < 0)
		return log_error_errno(-errno, "cannot look at a pipe");
	if ((st.st_uid != state->uid || st.st_gid != state->gid) &&
	    fchown(pipe->read_fd, state->uid, state->gid) < 0)
		return log_error_errno(-errno, "cannot give a pipe to user %u, group %u", state->uid,
				       state->gid);
	if ((st.st_mode & 07777) != state->mode && fchmod(pipe->read_fd, state->mode) < 0)
		return log_error_errno(-errno, "cannot give a pipe the mode 0%o", state->mode);
	return 0;
}

/*
 * Whether a writer must be there for a moment that the program does not have: a reader hears that there is
 * none (POLLHUP) only if one was there after it was opened.
 */
static bool needs_writer(const struct pipe *pipe)
{
	bool has_reader = false;

	for (size_t i = 0; i < pipe->ends_count; i++) {
		uint32_t flags = pipe->ends[i].object->image->flags;

		if (pipe_end_writes(flags))
			return false;
		has_reader |= pipe_end_reads(flags) && !entry_of(pipe->ends[i].object)->is_quiet;
	}
	return has_reader;
}

int pipe_open_ends(struct restore *restore, struct pipe *pipe, bool is_made)
{
	int r = set_capacity(pipe);

	if (r == 0)
		r = open_ends_that(restore, pipe, false);
	if (r == 0 && pipe->write_fd < 0 && needs_writer(pipe))
		r = open_again(pipe->read_fd, O_WRONLY, &pipe->write_fd);
	close_fd(&pipe->write_fd);
	if (r == 0)
		r = open_ends_that(restore, pipe, true);
	if (r == 0 && is_made)
		r = set_owner(pipe);
	close_fd(&pipe->read_fd);
	pipe->is_open = r == 0;
	return r;
}

int pipe_end_take(const struct object *object, int *ret_fd)
{
	struct pipe *pipe = object->state;

	for (size_t i = 0; i < pipe->ends_count; i++) {
		if (pipe->ends[i].object == object && pipe->ends[i].fd >= 0) {
			*ret_fd = take_fd(&pipe->ends[i].fd);
			return 0;
		}
	}
	return log_error_errno(-EBADF, "the pipe of open file %u is open already", object->image->id);
}

int pipe_end_fill(struct restore *restore, const struct object *object, int our_fd)
{
	const struct pipe *pipe = object->state;
	cleanup_close int reader = -EBADF, writer = -EBADF;
	bool has_reader = false;
	int r = 0;

	for (size_t i = 0; i < pipe->ends_count; i++)
		has_reader |= pipe_end_reads(pipe->ends[i].object->image->flags);
	if (!has_reader) /* without one, there is nothing to be written */
		r = open_again(our_fd, O_RDONLY, &reader);
	if (r == 0)
		r = open_again(our_fd, O_WRONLY, &writer);
	return r < 0 ? r : pipe_contents_fill(restore->reader, pipe->state, writer);
}
