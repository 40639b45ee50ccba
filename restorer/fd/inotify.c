/* SPDX-License-Identifier: MIT */
/* inotify instances, inotify(7), at restore. They watch again when all else is done, which would be events to
 * them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/log.h"
#include "common/printable.h"
#include "common/uapi_inotify.h"
#include "format/fd/inotify.h"
#include "restorer/fd/fd_restorer.h"

/* What all instances together take. */
struct totals {
	size_t instances, watches;
	bool is_reported;
};

static const Cr__Inotify *entry_of(const struct object *object)
{
	return (const Cr__Inotify *)object->entry;
}

static int inotify_read_entry(struct restore *restore maybe_unused, struct object *object,
			      const char **ret_reason)
{
	return inotify_check(entry_of(object), ret_reason);
}

/* The limits of a user, of which others may have used some. */
static void check_limit(struct restore *restore, struct totals *totals, const char *name, size_t needed)
{
	cleanup_free char *text = NULL, *path = string_format("/proc/sys/fs/inotify/%s", name);

	if (totals->is_reported || !path || file_read_at(AT_FDCWD, path, 64, &text, NULL) < 0)
		return;
	if (strtoull(text, NULL, 10) >= needed)
		return;
	totals->is_reported = true;
	blockers_add(&restore->blockers,
		     "the inotify instances need more than this host allows: fs.inotify.%s is %llu; raise it "
		     "with sysctl",
		     name, strtoull(text, NULL, 10));
}

/* -ENOTTY without CONFIG_CHECKPOINT_RESTORE. */
static int set_next_watch(int fd, int32_t wd)
{
	return ioctl(fd, UAPI_INOTIFY_SET_NEXT_WATCH, wd) < 0 ? -errno : 0;
}

static int plan_numbers(struct restore *restore, const struct object *object, struct totals *totals)
{
	cleanup_close int fd = inotify_init1(IN_CLOEXEC);

	if (fd < 0) {
		blockers_add(&restore->blockers, "open file %u: an inotify instance cannot be made: %m",
			     object->image->id);
		totals->is_reported = true;
	} else if (set_next_watch(fd, 1) < 0) {
		blockers_add(
			&restore->blockers,
			"open file %u: watches of an inotify instance cannot get their numbers on a kernel "
			"without CONFIG_CHECKPOINT_RESTORE",
			object->image->id);
	}
	return 0;
}

static int inotify_plan(struct restore *restore, struct object *object)
{
	const Cr__Inotify *entry = entry_of(object);
	struct totals *totals = restore->fd_kind_states[FD_KIND_inotify];
	bool is_first = !totals;

	if (is_first)
		restore->fd_kind_states[FD_KIND_inotify] = totals = calloc(1, sizeof(*totals));
	if (!totals)
		return log_error_errno(-ENOMEM, "cannot plan open file %u", object->image->id);
	for (size_t i = 0; i < entry->n_watches; i++) {
		uint32_t id = entry->watches[i]->open_file_id;
		const struct object *watched = id ? object_find(restore, id) : NULL;

		if (id == 0 || (watched && watched != object))
			continue;
		log_error("bad archive: open file %u, an inotify instance, watches open file %u, which is %s",
			  object->image->id, id, watched ? "itself" : "not there");
		return -EBADMSG;
	}
	totals->instances++;
	totals->watches += entry->n_watches;
	check_limit(restore, totals, "max_user_instances", totals->instances);
	check_limit(restore, totals, "max_user_watches", totals->watches);
	return is_first ? plan_numbers(restore, object, totals) : 0;
}

static int inotify_open(struct restore *restore maybe_unused, const struct object *object maybe_unused,
			int *ret_fd)
{
	int fd = inotify_init1(IN_CLOEXEC);

	if (fd < 0)
		return log_error_errno(-errno, "cannot make an inotify instance");
	*ret_fd = fd;
	return 0;
}

/* O_PATH, so that it is no event for other watches. */
static int open_watched(struct restore *restore, const Cr__InotifyWatch *watch, int *ret_fd)
{
	int flags = O_PATH | O_CLOEXEC | (S_ISLNK(watch->mode) ? O_NOFOLLOW : 0);
	cleanup_close int fd = -EBADF;
	char path[PRINTABLE_SIZE];
	struct stat st;

	if (watch->open_file_id != 0)
		return object_take(restore, object_find(restore, watch->open_file_id), ret_fd);
	fd = open(watch->path, flags);
	if (fd < 0 || fstat(fd, &st) < 0)
		return log_error_errno(-errno, "cannot watch '%s'",
				       printable(watch->path, path, sizeof(path)));
	if ((st.st_mode & S_IFMT) != (watch->mode & S_IFMT))
		return log_error_errno(-ESTALE, "'%s' is not a file of the type it was",
				       printable(watch->path, path, sizeof(path)));
	*ret_fd = take_fd(&fd);
	return 0;
}

static int add_watch(struct restore *restore, const Cr__InotifyWatch *watch, int inotify_fd)
{
	cleanup_close int fd = -EBADF;
	char link[32], path[PRINTABLE_SIZE];
	int wd, r = open_watched(restore, watch, &fd);

	if (r < 0)
		return r;
	r = set_next_watch(inotify_fd, watch->wd);
	if (r < 0)
		return log_error_errno(r, "cannot set the number of watch %d", watch->wd);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	wd = inotify_add_watch(inotify_fd, link, watch->mask);
	if (wd < 0)
		return log_error_errno(
			-errno, "cannot watch '%s'%s", printable(watch->path, path, sizeof(path)),
			errno == ENOSPC ? " (raise fs.inotify.max_user_watches with sysctl)" : "");
	if (wd != watch->wd)
		return log_error_errno(
			-EEXIST,
			"'%s' is the same file as that of watch %d, and was another when it was "
			"dumped",
			printable(watch->path, path, sizeof(path)), wd);
	return 0;
}

static int watch_all(struct restore *restore, struct object *object)
{
	const Cr__Inotify *entry = entry_of(object);
	cleanup_close int fd = -EBADF;
	int r = object_take(restore, object, &fd);

	for (size_t i = 0; r == 0 && i < entry->n_watches; i++)
		r = add_watch(restore, entry->watches[i], fd);
	return r;
}

static int inotify_finish(struct restore *restore)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < restore->objects_count; i++) {
		struct object *object = &restore->objects[i];

		if (object->kind->open != inotify_open)
			continue;
		LOG_SCOPE("open file %u (inotify)", object->image->id);
		r = watch_all(restore, object);
	}
	return r;
}

static void inotify_kind_done(struct restore *restore)
{
	free(restore->fd_kind_states[FD_KIND_inotify]);
}

const struct fd_restorer inotify_fd_restorer = {
	.name = "inotify",
	.read = inotify_read_entry,
	.plan = inotify_plan,
	.open = inotify_open,
	.finish = inotify_finish,
	.kind_done = inotify_kind_done,
};
