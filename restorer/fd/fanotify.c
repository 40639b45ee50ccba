/* SPDX-License-Identifier: MIT */
/* fanotify groups, fanotify(7), at restore. They watch again when all else is done, which would be events to
 * them. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/stat.h>
#include <stdio.h>
#include <sys/fanotify.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/printable.h"
#include "format/fd/fanotify.h"
#include "restorer/fd/fd_restorer.h"

#ifndef FAN_MARK_EVICTABLE
#define FAN_MARK_EVICTABLE 0x00000200
#define FAN_MARK_IGNORE 0x00000400
#endif

static const Cr__Fanotify *entry_of(const struct object *object)
{
	return (const Cr__Fanotify *)object->entry;
}

static int fanotify_read_entry(struct restore *restore maybe_unused, struct object *object,
			       const char **ret_reason)
{
	return fanotify_check(entry_of(object), ret_reason);
}

static int fanotify_plan(struct restore *restore, struct object *object)
{
	const Cr__Fanotify *entry = entry_of(object);

	for (size_t i = 0; i < entry->n_marks; i++) {
		uint32_t id = entry->marks[i]->open_file_id;
		const struct object *watched = id ? object_find(restore, id) : NULL;

		if (id == 0 || (watched && watched != object))
			continue;
		log_error("bad archive: open file %u, a fanotify group, watches open file %u, which is %s",
			  object->image->id, id, watched ? "itself" : "not there");
		return -EBADMSG;
	}
	if (!kernel_features_has_cap(&restore->features, CAP_SYS_ADMIN))
		blockers_add(&restore->blockers,
			     "open file %u is a fanotify group: run cr-restore with CAP_SYS_ADMIN",
			     object->image->id);
	return 0;
}

static bool is_mount_root(const char *path)
{
	struct statx facts = {0};

	return statx(AT_FDCWD, path, AT_NO_AUTOMOUNT, STATX_TYPE, &facts) == 0 &&
	       facts.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT &&
	       facts.stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

static void check_marks(struct restore *restore, const struct object *object)
{
	const Cr__Fanotify *entry = entry_of(object);
	char path[PRINTABLE_SIZE];

	for (size_t i = 0; i < entry->n_marks; i++)
		if (entry->marks[i]->kind != CR__FANOTIFY_MARK_KIND__FANOTIFY_MARK_INODE &&
		    !is_mount_root(entry->marks[i]->path))
			blockers_add(&restore->blockers,
				     "open file %u, a fanotify group, watches what is mounted at '%s', where "
				     "nothing is mounted here",
				     object->image->id, printable(entry->marks[i]->path, path, sizeof(path)));
}

static int fanotify_open(struct restore *restore maybe_unused, const struct object *object, int *ret_fd)
{
	const Cr__Fanotify *entry = entry_of(object);
	/* That of the descriptor, which the group remembers, is set behind its back. */
	cleanup_close int fd = fanotify_init(entry->flags, entry->event_flags);

	if (fd < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return log_error_errno(-errno, "cannot make a fanotify group");
	*ret_fd = take_fd(&fd);
	return 0;
}

static int fanotify_preflight(struct restore *restore)
{
	for (size_t i = 0; i < restore->objects_count; i++)
		if (restore->objects[i].kind->open == fanotify_open)
			check_marks(restore, &restore->objects[i]);
	return 0;
}

/* O_PATH, so that it is no event for other watches. */
static int open_watched(struct restore *restore, const Cr__FanotifyMark *mark, int *ret_fd)
{
	int flags = O_PATH | O_CLOEXEC | (S_ISLNK(mark->mode) ? O_NOFOLLOW : 0);
	cleanup_close int fd = -EBADF;
	char path[PRINTABLE_SIZE];
	struct stat st;

	if (mark->open_file_id != 0)
		return object_take(restore, object_find(restore, mark->open_file_id), ret_fd);
	fd = open(mark->path, flags);
	if (fd < 0 || fstat(fd, &st) < 0)
		return log_error_errno(-errno, "cannot watch '%s'",
				       printable(mark->path, path, sizeof(path)));
	if ((st.st_mode & S_IFMT) != (mark->mode & S_IFMT))
		return log_error_errno(-ESTALE, "'%s' is not a file of the type it was",
				       printable(mark->path, path, sizeof(path)));
	*ret_fd = take_fd(&fd);
	return 0;
}

static unsigned kind_flags(const Cr__FanotifyMark *mark)
{
	switch (mark->kind) {
	case CR__FANOTIFY_MARK_KIND__FANOTIFY_MARK_MOUNT:
		return FAN_MARK_MOUNT;
	case CR__FANOTIFY_MARK_KIND__FANOTIFY_MARK_FILESYSTEM:
		return FAN_MARK_FILESYSTEM;
	default:
		return 0;
	}
}

static int add_mark(struct restore *restore, const Cr__FanotifyMark *mark, int group_fd)
{
	unsigned common = FAN_MARK_ADD | kind_flags(mark) | (mark->flags & FAN_MARK_EVICTABLE);
	unsigned ignoring = mark->flags & FAN_MARK_IGNORE ? FAN_MARK_IGNORE : FAN_MARK_IGNORED_MASK;
	cleanup_close int fd = -EBADF;
	char link[32], path[PRINTABLE_SIZE];
	int r = open_watched(restore, mark, &fd);

	if (r < 0)
		return r;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (mark->mask && fanotify_mark(group_fd, common, mark->mask, AT_FDCWD, link) < 0)
		r = -errno;
	if (r == 0 && mark->ignored_mask &&
	    fanotify_mark(group_fd, common | ignoring | (mark->flags & FAN_MARK_IGNORED_SURV_MODIFY),
			  mark->ignored_mask, AT_FDCWD, link) < 0)
		r = -errno;
	return r < 0 ? log_error_errno(r, "cannot watch '%s'%s", printable(mark->path, path, sizeof(path)),
				       r == -ENOSPC ? " (raise fs.fanotify.max_user_marks with sysctl)" : "")
		     : 0;
}

static int fanotify_finish(struct restore *restore)
{
	for (size_t i = 0; i < restore->objects_count; i++) {
		struct object *object = &restore->objects[i];
		cleanup_close int fd = -EBADF;
		int r = 0;

		if (object->kind->open != fanotify_open)
			continue;
		LOG_SCOPE("open file %u (fanotify)", object->image->id);
		r = object_take(restore, object, &fd);
		for (size_t k = 0; r == 0 && k < entry_of(object)->n_marks; k++)
			r = add_mark(restore, entry_of(object)->marks[k], fd);
		if (r < 0)
			return r;
	}
	return 0;
}

const struct fd_restorer fanotify_fd_restorer = {
	.name = "fanotify",
	.read = fanotify_read_entry,
	.plan = fanotify_plan,
	.preflight = fanotify_preflight,
	.open = fanotify_open,
	.finish = fanotify_finish,
};
