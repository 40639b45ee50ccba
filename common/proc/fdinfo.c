/* SPDX-License-Identifier: MIT */
/* One file descriptor of a process. */
#include "common/proc/fdinfo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/proc/cursor.h"
#include "common/vector.h"

void fdinfo_done(struct fdinfo *fdinfo)
{
	if (!fdinfo)
		return;
	free(fdinfo->entries);
	free(fdinfo->text);
	*fdinfo = (struct fdinfo){0};
}

/* The first of each key counts: those that are common to all files come first. */
struct seen {
	bool position, flags, mount_id;
};

/* 1 if the line was one of the common keys, 0 if it belongs to the kind. */
static int parse_common(struct fdinfo *fdinfo, const struct cursor *key, struct cursor value,
			struct seen *seen)
{
	int r;

	if (!seen->position && cursor_equals(key, "pos")) {
		seen->position = true;
		r = cursor_i64(&value, &fdinfo->position);
	} else if (!seen->flags && cursor_equals(key, "flags")) {
		seen->flags = true;
		r = cursor_u32(&value, 8, &fdinfo->flags);
	} else if (!seen->mount_id && cursor_equals(key, "mnt_id")) {
		seen->mount_id = true;
		r = cursor_i64(&value, &fdinfo->mount_id);
	} else if (!fdinfo->has_inode && cursor_equals(key, "ino")) {
		fdinfo->has_inode = true;
		r = cursor_u64(&value, 10, &fdinfo->inode);
	} else {
		return 0;
	}
	return r < 0 ? r : 1;
}

/* Ends the texts of key and value in the copy that FDINFO owns. */
static char *terminate(const struct cursor *text)
{
	*(char *)text->end = '\0';
	return (char *)text->at;
}

static int parse_line(struct fdinfo *fdinfo, const struct cursor *line, struct seen *seen)
{
	struct cursor key = {.at = line->end, .end = line->end}, value = *line;
	struct fdinfo_entry *entry;
	int r;

	if (cursor_split(line, &key, &value)) {
		r = parse_common(fdinfo, &key, value, seen);
		if (r != 0)
			return r;
	}
	if (fdinfo->entries_count >= FDINFO_ENTRIES_MAX)
		return -E2BIG;
	entry = vector_append(fdinfo, entries);
	if (!entry)
		return -ENOMEM;
	entry->key = terminate(&key);
	entry->value = terminate(&value);
	if (strcmp(entry->key, "lock") == 0)
		fdinfo->locks_count++;
	return 0;
}

int fdinfo_parse(const char *text, size_t size, struct fdinfo *ret)
{
	cleanup_(fdinfo_done) struct fdinfo fdinfo = {.mount_id = -1};
	struct cursor cursor, line;
	struct seen seen = {0};
	int r;

	if (size >= FDINFO_TEXT_MAX)
		return -E2BIG;
	if (memchr(text, '\0', size))
		return -EBADMSG;
	fdinfo.text = malloc(size + 1);
	if (!fdinfo.text)
		return -ENOMEM;
	memcpy(fdinfo.text, text, size);
	fdinfo.text[size] = '\0';
	cursor = CURSOR(fdinfo.text, size);
	while (cursor_line(&cursor, &line)) {
		r = parse_line(&fdinfo, &line, &seen);
		if (r < 0)
			return r;
	}
	if (!seen.position || !seen.flags)
		return -EBADMSG;
	*ret = fdinfo;
	fdinfo = (struct fdinfo){0};
	return 0;
}

int fdinfo_read(int proc_fd, int fd, struct fdinfo *ret)
{
	cleanup_free char *text = NULL;
	char path[32];
	size_t size;
	int r;

	snprintf(path, sizeof(path), "fdinfo/%d", fd);
	r = file_read_at(proc_fd, path, FDINFO_TEXT_MAX, &text, &size);
	if (r < 0)
		return r;
	return fdinfo_parse(text, size, ret);
}

const char *fdinfo_get(const struct fdinfo *fdinfo, const char *key)
{
	for (size_t i = 0; i < fdinfo->entries_count; i++) {
		if (strcmp(fdinfo->entries[i].key, key) == 0)
			return fdinfo->entries[i].value;
	}
	return NULL;
}

int fdinfo_get_u64(const struct fdinfo *fdinfo, const char *key, unsigned base, uint64_t *ret_value)
{
	const char *text = fdinfo_get(fdinfo, key);
	struct cursor cursor;
	uint64_t value;

	if (!text)
		return -ENOENT;
	cursor = CURSOR(text, strlen(text));
	if (cursor_u64(&cursor, base, &value) < 0 || !cursor_is_empty(&cursor))
		return -EBADMSG;
	*ret_value = value;
	return 0;
}
