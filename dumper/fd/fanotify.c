/* SPDX-License-Identifier: MIT */
/* fanotify groups, fanotify(7), at dump: what they watch. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "common/log.h"
#include "common/proc/cursor.h"
#include "common/proc/mount_points.h"
#include "common/proc/mountinfo.h"
#include "dumper/fd/fd_dumper.h"
#include "dumper/fd/watch_line.h"
#include "dumper/watched_file.h"
#include "format/fd/fanotify.h"

struct mark {
	Cr__FanotifyMark image;
	struct watched_file file; /* of an inode mark; of one of a file system, its device */
	uint64_t mount_id;        /* of a mount mark */
};

/* A group, until its files are looked for; in the arena. */
struct group {
	const struct process *process;
	struct open_file *file;
	Cr__Fanotify *entry;
	struct mark *marks;
	struct group *next;
};

static bool fanotify_matches(const struct fd_info *info)
{
	return fd_info_is_anonymous(info, "[fanotify]");
}

/* " mflags:40 mask:0 ignored_mask:3", and a handle behind it, if any. */
static int parse_masks(struct cursor *cursor, struct mark *mark)
{
	const struct {
		const char *key;
		uint32_t *value;
	} fields[] = {
		{"mflags:", &mark->image.flags},
		{"mask:", &mark->image.mask},
		{"ignored_mask:", &mark->image.ignored_mask},
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		cursor_skip_blanks(cursor);
		if (!cursor_skip(cursor, fields[i].key) || cursor_u32(cursor, 16, fields[i].value) < 0)
			return -EBADMSG;
	}
	return watched_file_parse_handle(cursor, &mark->file);
}

static int parse_device(struct cursor *cursor, struct mark *mark)
{
	uint64_t device;

	if (cursor_u64(cursor, 16, &device) < 0)
		return -EBADMSG;
	mark->file.major_number = FDINFO_DEVICE_MAJOR(device);
	mark->file.minor_number = FDINFO_DEVICE_MINOR(device);
	return 0;
}

static int parse_inode(struct cursor *cursor, struct mark *mark)
{
	if (cursor_u64(cursor, 16, &mark->file.inode) < 0)
		return -EBADMSG;
	cursor_skip_blanks(cursor);
	return cursor_skip(cursor, "sdev:") ? parse_device(cursor, mark) : -EBADMSG;
}

static int parse_mount(struct cursor *cursor, struct mark *mark)
{
	return cursor_u64(cursor, 16, &mark->mount_id);
}

/* The key of a line ends at its first colon: "fanotify ino:3c51a sdev:fe00000 mflags:0 ...". */
static const struct mark_line {
	const char *key;
	Cr__FanotifyMarkKind kind;
	int (*parse)(struct cursor *cursor, struct mark *mark);
} mark_lines[] = {
	{"fanotify ino", CR__FANOTIFY_MARK_KIND__FANOTIFY_MARK_INODE, parse_inode},
	{"fanotify mnt_id", CR__FANOTIFY_MARK_KIND__FANOTIFY_MARK_MOUNT, parse_mount},
	{"fanotify sdev", CR__FANOTIFY_MARK_KIND__FANOTIFY_MARK_FILESYSTEM, parse_device},
};

static const struct mark_line *find_line(const struct fdinfo_entry *entry)
{
	for (size_t i = 0; i < ARRAY_SIZE(mark_lines); i++)
		if (strcmp(entry->key, mark_lines[i].key) == 0)
			return &mark_lines[i];
	return NULL;
}

static int parse_mark(const struct mark_line *line, const char *text, struct mark *mark)
{
	struct cursor cursor = CURSOR(text, strlen(text));
	int r;

	cr__fanotify_mark__init(&mark->image);
	mark->image.kind = line->kind;
	r = line->parse(&cursor, mark);
	return r < 0 ? r : parse_masks(&cursor, mark);
}

/* "12 event-flags:8000" */
static int parse_group(const char *text, Cr__Fanotify *entry)
{
	struct cursor cursor = CURSOR(text, strlen(text));

	if (cursor_u32(&cursor, 16, &entry->flags) < 0)
		return -EBADMSG;
	cursor_skip_blanks(&cursor);
	if (!cursor_skip(&cursor, "event-flags:") || cursor_u32(&cursor, 16, &entry->event_flags) < 0)
		return -EBADMSG;
	return 0;
}

static int parse(struct dump *dump, const struct fdinfo *fdinfo, struct group *group)
{
	const char *flags = fdinfo_get(fdinfo, "fanotify flags");
	int r = flags ? parse_group(flags, group->entry) : -EBADMSG;

	for (size_t i = 0; r == 0 && i < fdinfo->entries_count; i++) {
		const struct fdinfo_entry *entry = &fdinfo->entries[i];
		const struct mark_line *line = find_line(entry);
		struct mark *mark = &group->marks[group->entry->n_marks];

		if (line) {
			r = parse_mark(line, entry->value, mark);
			group->entry->marks[group->entry->n_marks++] = &mark->image;
		} else if (strncmp(entry->key, "fanotify ", 9) == 0 &&
			   strcmp(entry->key, "fanotify flags") != 0) {
			blockers_add(&dump->blockers,
				     "its fanotify group has a mark that this version does not know (%s)",
				     entry->key);
		}
	}
	return r;
}

static struct group *group_new(struct dump *dump, size_t count)
{
	struct group *group = arena_new(&dump->arena, struct group);

	if (!group)
		return NULL;
	group->entry = arena_new(&dump->arena, Cr__Fanotify);
	group->marks = arena_array(&dump->arena, struct mark, count + 1);
	if (!group->entry || !group->marks)
		return NULL;
	cr__fanotify__init(group->entry);
	group->entry->marks = arena_array(&dump->arena, Cr__FanotifyMark *, count + 1);
	return group->entry->marks ? group : NULL;
}

static void check_flags(struct dump *dump, const Cr__Fanotify *entry)
{
	if (entry->flags & (FAN_CLASS_CONTENT | FAN_CLASS_PRE_CONTENT))
		blockers_add(&dump->blockers,
			     "its fanotify group decides what others may do (FAN_CLASS_CONTENT, "
			     "FAN_CLASS_PRE_CONTENT): while it is not there, nobody would");
	else if (entry->flags & ~FANOTIFY_FLAGS_KNOWN)
		blockers_add(&dump->blockers,
			     "its fanotify group has flags that this version does not know: %#x",
			     entry->flags & ~FANOTIFY_FLAGS_KNOWN);
	for (size_t i = 0; i < entry->n_marks; i++)
		if (entry->marks[i]->flags & ~FANOTIFY_MARK_FLAGS_KNOWN)
			blockers_add(
				&dump->blockers,
				"its fanotify group has a mark with flags that this version does not know: "
				"%#x",
				entry->marks[i]->flags & ~FANOTIFY_MARK_FLAGS_KNOWN);
}

/* Reading takes events out of the queue, and opens what they are about. */
static int check_queue(struct dump *dump, const struct fd_info *info)
{
	int size = 0;

	if (ioctl(info->our_fd, FIONREAD, &size) < 0)
		return log_error_errno(-errno, "cannot see whether it has events");
	if (size > 0 && dump->options->is_in_flight_skipped)
		log_notice(
			"its fanotify group comes back without events of %d bytes, which the program has not "
			"read",
			size);
	else if (size > 0)
		blockers_add(
			&dump->blockers,
			"its fanotify group has events of %d bytes that the program has not read yet, and "
			"that cannot be preserved: try again when it has, or give --skip-in-flight",
			size);
	return 0;
}

static int fanotify_collect(struct dump *dump, const struct process *process, const struct fd_info *info,
			    struct open_file *file)
{
	struct group *group = group_new(dump, info->fdinfo.entries_count);
	int r;

	if (!group)
		return log_error_errno(-ENOMEM, "cannot note what it watches");
	r = parse(dump, &info->fdinfo, group);
	if (r < 0)
		return log_error_errno(r, "cannot read what it watches");
	check_flags(dump, group->entry);
	r = check_queue(dump, info);
	if (r < 0)
		return r;
	group->process = process;
	group->file = file;
	group->next = dump->fd_kind_states[FD_KIND_fanotify];
	dump->fd_kind_states[FD_KIND_fanotify] = group;
	file->entry = &group->entry->base;
	file->description = arena_format(&dump->arena, "marks %zu", group->entry->n_marks);
	return file->description ? 0 : log_error_errno(-ENOMEM, "cannot note what it watches");
}

/* Where the mount, or one of the file system, is, as the root of a mount that can be reached. */
static int find_mount(struct dump *dump, const struct watched_mounts *mounts, struct mark *mark,
		      struct watched_place *place)
{
	struct cursor text = CURSOR(mounts->text, mounts->size);
	char path[PATH_MAX];
	int r = 0;

	if (mark->image.kind == CR__FANOTIFY_MARK_KIND__FANOTIFY_MARK_MOUNT)
		r = mountinfo_find_device(mounts->text, mounts->size, mark->mount_id,
					  &mark->file.major_number, &mark->file.minor_number);
	if (r == -ENOENT)
		return 0;
	while (r == 0 &&
	       (r = mount_points_next(&text, mark->file.major_number, mark->file.minor_number, path)) > 0) {
		struct statx facts = {0};
		unsigned major_number, minor_number;

		r = 0;
		if (statx(AT_FDCWD, path, AT_NO_AUTOMOUNT | AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &facts) < 0 ||
		    mountinfo_find_device(mounts->text, mounts->size, facts.stx_mnt_id, &major_number,
					  &minor_number) < 0 ||
		    major_number != mark->file.major_number || minor_number != mark->file.minor_number)
			continue;
		if (mark->image.kind == CR__FANOTIFY_MARK_KIND__FANOTIFY_MARK_MOUNT &&
		    facts.stx_mnt_id != mark->mount_id)
			continue;
		place->path = arena_string(&dump->arena, path);
		return !place->path ? -ENOMEM : stat(path, &place->stat) < 0 ? -errno : 0;
	}
	return r;
}

static void refuse(struct dump *dump, const struct mark *mark, const struct watched_place *place)
{
	if (mark->image.kind != CR__FANOTIFY_MARK_KIND__FANOTIFY_MARK_INODE)
		blockers_add(
			&dump->blockers,
			"its fanotify group watches a mount or file system (%u:%u) that cannot be reached "
			"here",
			mark->file.major_number, mark->file.minor_number);
	else if (place->is_deleted)
		blockers_add(
			&dump->blockers,
			"its fanotify group watches a file (inode %ju) that has been deleted, and that the "
			"program itself does not have open",
			(uintmax_t)mark->file.inode);
	else
		blockers_add(
			&dump->blockers,
			"its fanotify group watches a file (inode %ju of file system %u:%u) whose path the "
			"kernel does not tell: 'find MOUNT -xdev -inum %ju' finds it, and tells the kernel "
			"too; then try again",
			(uintmax_t)mark->file.inode, mark->file.major_number, mark->file.minor_number,
			(uintmax_t)mark->file.inode);
}

static int resolve(struct dump *dump, const struct watched_mounts *mounts, const struct group *group,
		   struct mark *mark)
{
	bool is_inode = mark->image.kind == CR__FANOTIFY_MARK_KIND__FANOTIFY_MARK_INODE;
	struct watched_place place = {0};
	char use[48];
	int r = is_inode ? watched_file_find(dump, mounts, group->process, &mark->file, &place)
			 : find_mount(dump, mounts, mark, &place);

	if (r < 0)
		return log_error_errno(r, "cannot find what its fanotify group watches");
	mark->image.mode = place.stat.st_mode ? place.stat.st_mode : S_IFREG;
	if (!place.path) {
		mark->image.open_file_id = is_inode ? watched_file_find_open(dump, &mark->file, &place) : 0;
		if (mark->image.open_file_id == 0)
			refuse(dump, mark, &place);
		return 0;
	}
	if (is_inode && watched_path_is_of_process(place.path)) {
		blockers_add(&dump->blockers,
			     "its fanotify group watches '%s', which belongs to a process and is another one "
			     "after a restore",
			     fd_info_printable(place.path, &dump->arena));
		return 0;
	}
	mark->image.path = place.path;
	snprintf(use, sizeof(use), "watched by fd %d", group->file->fd);
	return dump_require_file(dump, group->process, place.path, &place.stat, false, use);
}

static int fanotify_check_all(struct dump *dump)
{
	struct group *group = dump->fd_kind_states[FD_KIND_fanotify];
	cleanup_(watched_mounts_done) struct watched_mounts mounts = {0};
	int r = group ? watched_mounts_read(&mounts) : 0;

	if (r < 0)
		return log_error_errno(r, "cannot read '/proc/self/mountinfo'");
	for (; group; group = group->next) {
		OPEN_FILE_LOG_SCOPE(group->file);
		for (size_t i = 0; i < group->entry->n_marks; i++) {
			r = resolve(dump, &mounts, group, &group->marks[i]);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

const struct fd_dumper fanotify_fd_dumper = {
	.name = "fanotify",
	.inside_only_name = "[fanotify]",
	.matches = fanotify_matches,
	.collect = fanotify_collect,
	.check = fanotify_check_all,
};
