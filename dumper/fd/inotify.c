/* SPDX-License-Identifier: MIT */
/* inotify instances, inotify(7), at dump: what they watch. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

#include "common/log.h"
#include "common/proc/cursor.h"
#include "dumper/fd/fd_dumper.h"
#include "dumper/fd/watch_line.h"
#include "dumper/watched_file.h"
#include "format/fd/inotify.h"

struct watch {
	Cr__InotifyWatch image;
	struct watched_file file;
};

/* An instance, until its files are looked for; in the arena. */
struct instance {
	const struct process *process;
	struct open_file *file;
	Cr__Inotify *entry;
	struct watch *watches;
	struct instance *next;
};

static bool inotify_matches(const struct fd_info *info)
{
	return fd_info_is_anonymous(info, "inotify");
}

/* "inotify wd:3 ino:35d sdev:fe00000 mask:20 ignored_mask:0 fhandle-bytes:8 ...": its key ends at the first
 * colon. */
static int parse_watch(const char *text, struct watch *watch)
{
	struct cursor cursor = CURSOR(text, strlen(text));
	uint64_t wd, device;
	uint32_t ignored;

	if (cursor_u64(&cursor, 16, &wd) < 0 || wd == 0 || wd > INT32_MAX)
		return -EBADMSG;
	cursor_skip_blanks(&cursor);
	if (!cursor_skip(&cursor, "ino:") || cursor_u64(&cursor, 16, &watch->file.inode) < 0)
		return -EBADMSG;
	cursor_skip_blanks(&cursor);
	if (!cursor_skip(&cursor, "sdev:") || cursor_u64(&cursor, 16, &device) < 0)
		return -EBADMSG;
	cursor_skip_blanks(&cursor);
	if (!cursor_skip(&cursor, "mask:") || cursor_u32(&cursor, 16, &watch->image.mask) < 0)
		return -EBADMSG;
	cursor_skip_blanks(&cursor);
	if (!cursor_skip(&cursor, "ignored_mask:") || cursor_u32(&cursor, 16, &ignored) < 0)
		return -EBADMSG;
	watch->image.wd = (int32_t)wd;
	watch->file.major_number = FDINFO_DEVICE_MAJOR(device);
	watch->file.minor_number = FDINFO_DEVICE_MINOR(device);
	return watched_file_parse_handle(&cursor, &watch->file);
}

static bool is_watch(const struct fdinfo_entry *line)
{
	return strcmp(line->key, "inotify wd") == 0;
}

static size_t count_watches(const struct fdinfo *fdinfo)
{
	size_t count = 0;

	for (size_t i = 0; i < fdinfo->entries_count; i++)
		count += is_watch(&fdinfo->entries[i]);
	return count;
}

static int compare_watches(const void *left, const void *right)
{
	const struct watch *a = left, *b = right;

	return (a->image.wd > b->image.wd) - (a->image.wd < b->image.wd);
}

static int parse(const struct fdinfo *fdinfo, struct instance *instance)
{
	size_t count = 0;

	for (size_t i = 0; i < fdinfo->entries_count; i++) {
		int r;

		if (!is_watch(&fdinfo->entries[i]))
			continue;
		cr__inotify_watch__init(&instance->watches[count].image);
		r = parse_watch(fdinfo->entries[i].value, &instance->watches[count]);
		if (r < 0)
			return r;
		count++;
	}
	if (count > 0)
		qsort(instance->watches, count, sizeof(*instance->watches), compare_watches);
	for (size_t i = 0; i < count; i++)
		instance->entry->watches[i] = &instance->watches[i].image;
	instance->entry->n_watches = count;
	return 0;
}

static struct instance *instance_new(struct dump *dump, size_t count)
{
	struct instance *instance = arena_new(&dump->arena, struct instance);

	if (!instance)
		return NULL;
	instance->entry = arena_new(&dump->arena, Cr__Inotify);
	instance->watches = arena_array(&dump->arena, struct watch, count);
	if (!instance->entry || !instance->watches)
		return NULL;
	cr__inotify__init(instance->entry);
	instance->entry->watches = arena_array(&dump->arena, Cr__InotifyWatch *, count);
	return instance->entry->watches ? instance : NULL;
}

/* Reading takes events out of the queue, for good; nothing else tells what they are. */
static int check_queue(struct dump *dump, const struct fd_info *info)
{
	int size = 0;

	if (ioctl(info->our_fd, FIONREAD, &size) < 0)
		return log_error_errno(-errno, "cannot see whether it has events");
	if (size > 0 && dump->options->is_in_flight_skipped)
		log_notice("its inotify instance comes back without events of %d bytes, which the program "
			   "has not read",
			   size);
	else if (size > 0)
		blockers_add(
			&dump->blockers,
			"its inotify instance has events of %d bytes that the program has not read yet, and "
			"that cannot be preserved: try again when it has, or give --skip-in-flight",
			size);
	return 0;
}

static int inotify_collect(struct dump *dump, const struct process *process, const struct fd_info *info,
			   struct open_file *file)
{
	struct instance *instance = instance_new(dump, count_watches(&info->fdinfo));
	int r;

	if (!instance)
		return log_error_errno(-ENOMEM, "cannot note what it watches");
	r = parse(&info->fdinfo, instance);
	if (r < 0)
		return log_error_errno(r, "cannot read what it watches");
	r = check_queue(dump, info);
	if (r < 0)
		return r;
	instance->process = process;
	instance->file = file;
	instance->next = dump->fd_kind_states[FD_KIND_inotify];
	dump->fd_kind_states[FD_KIND_inotify] = instance;
	file->entry = &instance->entry->base;
	file->description = arena_format(&dump->arena, "watches %zu", instance->entry->n_watches);
	return file->description ? 0 : log_error_errno(-ENOMEM, "cannot note what it watches");
}

static void refuse(struct dump *dump, const struct watch *watch, const struct watched_place *place)
{
	if (place->is_deleted)
		blockers_add(&dump->blockers,
			     "watch %d of its inotify instance is of a file (inode %ju) that has been "
			     "deleted, and "
			     "that the program itself does not have open",
			     watch->image.wd, (uintmax_t)watch->file.inode);
	else
		blockers_add(
			&dump->blockers,
			"watch %d of its inotify instance is of a file (inode %ju of file system %u:%u) "
			"whose "
			"path the kernel does not tell: 'find MOUNT -xdev -inum %ju' finds it, and tells the "
			"kernel too; then try again",
			watch->image.wd, (uintmax_t)watch->file.inode, watch->file.major_number,
			watch->file.minor_number, (uintmax_t)watch->file.inode);
}

static int resolve(struct dump *dump, const struct watched_mounts *mounts, const struct instance *instance,
		   struct watch *watch)
{
	struct watched_place place;
	char use[48];
	int r = watched_file_find(dump, mounts, instance->process, &watch->file, &place);

	if (r < 0)
		return log_error_errno(r, "cannot find the file of watch %d", watch->image.wd);
	if (!place.path) {
		watch->image.open_file_id = watched_file_find_open(dump, &watch->file, &place);
		if (watch->image.open_file_id == 0)
			refuse(dump, watch, &place);
		watch->image.mode = place.stat.st_mode ? place.stat.st_mode : S_IFREG;
		return 0;
	}
	if (watched_path_is_of_process(place.path)) {
		blockers_add(&dump->blockers,
			     "watch %d of its inotify instance is of '%s', which belongs to a process and is "
			     "another "
			     "one after a restore",
			     watch->image.wd, fd_info_printable(place.path, &dump->arena));
		return 0;
	}
	watch->image.path = place.path;
	watch->image.mode = place.stat.st_mode;
	snprintf(use, sizeof(use), "watched by fd %d", instance->file->fd);
	return dump_require_file(dump, instance->process, place.path, &place.stat, false, use);
}

static int inotify_check_all(struct dump *dump)
{
	struct instance *instance = dump->fd_kind_states[FD_KIND_inotify];
	cleanup_(watched_mounts_done) struct watched_mounts mounts = {0};
	int r = instance ? watched_mounts_read(&mounts) : 0;

	if (r < 0)
		return log_error_errno(r, "cannot read '/proc/self/mountinfo'");
	for (; instance; instance = instance->next) {
		OPEN_FILE_LOG_SCOPE(instance->file);
		for (size_t i = 0; i < instance->entry->n_watches; i++) {
			r = resolve(dump, &mounts, instance, &instance->watches[i]);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

const struct fd_dumper inotify_fd_dumper = {
	.name = "inotify",
	.inside_only_name = "inotify",
	.matches = inotify_matches,
	.collect = inotify_collect,
	.check = inotify_check_all,
};
