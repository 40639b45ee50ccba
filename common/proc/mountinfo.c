/* SPDX-License-Identifier: MIT */
/* The mounts of a mount namespace. */
#include "common/proc/mountinfo.h"

#include <errno.h>
#include <fcntl.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/proc/cursor.h"

int mountinfo_find_device(const char *text, size_t size, uint64_t mount_id, unsigned *ret_major,
			  unsigned *ret_minor)
{
	struct cursor cursor = CURSOR(text, size), line;

	while (cursor_line(&cursor, &line)) {
		unsigned numbers[2];
		uint64_t id, parent;

		if (cursor_u64(&line, 10, &id) < 0 || cursor_u64(&line, 10, &parent) < 0 ||
		    cursor_u32(&line, 10, &numbers[0]) < 0 || !cursor_skip(&line, ":") ||
		    cursor_u32(&line, 10, &numbers[1]) < 0)
			return -EBADMSG;
		if (id != mount_id)
			continue;
		*ret_major = numbers[0];
		*ret_minor = numbers[1];
		return 0;
	}
	return -ENOENT;
}

int mountinfo_read_device(uint64_t mount_id, unsigned *ret_major, unsigned *ret_minor)
{
	cleanup_free char *text = NULL;
	size_t size = 0;
	int r = file_read_at(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_TEXT_MAX, &text, &size);

	return r < 0 ? r : mountinfo_find_device(text, size, mount_id, ret_major, ret_minor);
}
