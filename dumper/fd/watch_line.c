/* SPDX-License-Identifier: MIT */
/* What inotify instances and fanotify groups tell of the files that they watch. */
#include "dumper/fd/watch_line.h"

#include <errno.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "dumper/fd/fd_dumper.h"

int watched_file_parse_handle(struct cursor *cursor, struct watched_file *file)
{
	uint64_t size;
	uint32_t type;

	cursor_skip_blanks(cursor);
	if (!cursor_skip(cursor, "fhandle-bytes:"))
		return cursor_is_empty(cursor) ? 0 : -EBADMSG;
	if (cursor_u64(cursor, 16, &size) < 0 || size > WATCHED_FILE_HANDLE_MAX)
		return -EBADMSG;
	cursor_skip_blanks(cursor);
	if (!cursor_skip(cursor, "fhandle-type:") || cursor_u32(cursor, 16, &type) < 0)
		return -EBADMSG;
	cursor_skip_blanks(cursor);
	if (!cursor_skip(cursor, "f_handle:"))
		return -EBADMSG;
	for (size_t i = 0; i < size; i++) {
		struct cursor byte = {.at = cursor->at, .end = cursor->at + 2};
		uint32_t value;

		if (cursor->end - cursor->at < 2 || cursor_u32(&byte, 16, &value) < 0 ||
		    !cursor_is_empty(&byte))
			return -EBADMSG;
		file->handle[i] = (unsigned char)value;
		cursor->at += 2;
	}
	file->handle_type = (int)type;
	file->handle_size = size;
	return 0;
}

uint32_t watched_file_find_open(const struct dump *dump, const struct watched_file *watched,
				const struct watched_place *place)
{
	uint64_t device = place->is_deleted ? place->stat.st_dev
					    : makedev(watched->major_number, watched->minor_number);

	for (size_t i = 0; i < dump->open_files_count; i++) {
		const struct open_file *file = dump->open_files[i];

		if (file->kind && file->inode == watched->inode && file->device == device)
			return (uint32_t)(i + 1);
	}
	return 0;
}

bool watched_path_is_of_process(const char *path)
{
	return strncmp(path, "/proc/", strlen("/proc/")) == 0 && path[strlen("/proc/")] >= '0' &&
	       path[strlen("/proc/")] <= '9';
}
