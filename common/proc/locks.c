/* SPDX-License-Identifier: MIT */
/* File locks as the kernel lists them. */
#include "common/proc/locks.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/proc/cursor.h"
#include "common/vector.h"

static bool next_word_is(struct cursor *cursor, const char *text)
{
	struct cursor at = *cursor, word;

	if (!cursor_word(&at, &word) || !cursor_equals(&word, text))
		return false;
	*cursor = at;
	return true;
}

static int parse_kind(struct cursor *cursor, struct file_lock *lock)
{
	static const struct {
		const char *name;
		enum file_lock_kind kind;
	} kinds[] = {
		{"FLOCK", FILE_LOCK_FLOCK}, {"POSIX", FILE_LOCK_POSIX},      {"OFDLCK", FILE_LOCK_OFD},
		{"LEASE", FILE_LOCK_LEASE}, {"DELEG", FILE_LOCK_DELEGATION},
	};
	struct cursor word, state;

	if (!cursor_word(cursor, &word) || !cursor_word(cursor, &state))
		return -EBADMSG;
	lock->kind = FILE_LOCK_UNKNOWN;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (cursor_equals(&word, kinds[i].name))
			lock->kind = kinds[i].kind;
	/* BREAKER: who makes the holder give it up. */
	lock->is_breaking = cursor_equals(&state, "BREAKING");
	lock->is_waiting |= cursor_equals(&state, "BREAKER");
	return 0;
}

static int parse_type(struct cursor *cursor, struct file_lock *lock)
{
	if (next_word_is(cursor, "WRITE"))
		lock->is_write = true;
	else if (next_word_is(cursor, "READ"))
		lock->is_read = true;
	else if (!next_word_is(cursor, "UNLCK"))
		return -EBADMSG;
	return 0;
}

/* "fe:01:1234", or "<none>:0" of a file that is gone. */
static int parse_file(struct cursor *cursor, struct file_lock *lock)
{
	int r;

	cursor_skip_blanks(cursor);
	if (cursor_skip(cursor, "<none>:0"))
		return 0;
	r = cursor_u32(cursor, 16, &lock->major);
	if (r == 0 && !cursor_skip(cursor, ":"))
		r = -EBADMSG;
	if (r == 0)
		r = cursor_u32(cursor, 16, &lock->minor);
	if (r == 0 && !cursor_skip(cursor, ":"))
		r = -EBADMSG;
	return r < 0 ? r : cursor_u64(cursor, 10, &lock->inode);
}

static int parse_range(struct cursor *cursor, struct file_lock *lock)
{
	int r = cursor_u64(cursor, 10, &lock->start);

	if (r < 0)
		return r;
	if (next_word_is(cursor, "EOF"))
		lock->end = FILE_LOCK_END;
	else
		r = cursor_u64(cursor, 10, &lock->end);
	if (r == 0 && (lock->start > lock->end || lock->end > FILE_LOCK_END))
		r = -EBADMSG;
	return r;
}

int file_lock_parse(const char *text, size_t size, struct file_lock *ret)
{
	struct cursor cursor = CURSOR(text, size);
	struct file_lock lock = {0};
	int32_t pid;
	int r = cursor_u64(&cursor, 10, &lock.number);

	if (r == 0 && !cursor_skip(&cursor, ":"))
		r = -EBADMSG;
	if (r < 0)
		return r;
	lock.is_waiting = next_word_is(&cursor, "->");
	r = parse_kind(&cursor, &lock);
	if (r == 0)
		r = parse_type(&cursor, &lock);
	if (r == 0)
		r = cursor_i32(&cursor, &pid);
	if (r == 0)
		r = parse_file(&cursor, &lock);
	if (r == 0)
		r = parse_range(&cursor, &lock);
	if (r < 0)
		return r;
	cursor_skip_blanks(&cursor);
	if (!cursor_is_empty(&cursor))
		return -EBADMSG;
	lock.pid = pid;
	*ret = lock;
	return 0;
}

void file_lock_list_done(struct file_lock_list *list)
{
	free(list->locks);
	*list = (struct file_lock_list){0};
}

int file_lock_list_parse(const char *text, size_t size, struct file_lock_list *ret)
{
	cleanup_(file_lock_list_done) struct file_lock_list list = {0};
	struct cursor cursor = CURSOR(text, size), line;

	while (cursor_line(&cursor, &line)) {
		struct file_lock *lock;
		int r;

		if (list.locks_count >= FILE_LOCKS_MAX)
			return -E2BIG;
		lock = vector_append(&list, locks);
		if (!lock)
			return -ENOMEM;
		r = file_lock_parse(line.at, (size_t)(line.end - line.at), lock);
		if (r < 0)
			return r;
	}
	*ret = list;
	list = (struct file_lock_list){0};
	return 0;
}

int file_lock_list_read(struct file_lock_list *ret)
{
	cleanup_free char *text = NULL;
	size_t size = 0;
	int r = file_read_at(AT_FDCWD, "/proc/locks", FILE_LOCKS_TEXT_MAX, &text, &size);

	return r < 0 ? r : file_lock_list_parse(text, size, ret);
}

bool file_lock_is_of_same_file(const struct file_lock *left, const struct file_lock *right)
{
	return left->inode == right->inode && left->major == right->major && left->minor == right->minor;
}

static bool is_of_ranges(const struct file_lock *lock)
{
	return lock->kind == FILE_LOCK_POSIX || lock->kind == FILE_LOCK_OFD;
}

bool file_lock_conflicts(const struct file_lock *left, const struct file_lock *right)
{
	bool is_comparable = (is_of_ranges(left) && is_of_ranges(right)) ||
			     (left->kind == right->kind && left->kind == FILE_LOCK_FLOCK);

	return is_comparable && file_lock_is_of_same_file(left, right) && left->start <= right->end &&
	       right->start <= left->end && (left->is_write || right->is_write);
}

const char *file_lock_describe(const struct file_lock *lock, char buffer[FILE_LOCK_TEXT_SIZE])
{
	const char *type = lock->is_write ? "write" : "read";
	char range[64] = "the whole file";

	if (lock->end != FILE_LOCK_END)
		snprintf(range, sizeof(range), "bytes %" PRIu64 " to %" PRIu64, lock->start, lock->end);
	else if (lock->start != 0)
		snprintf(range, sizeof(range), "all bytes from %" PRIu64 " on", lock->start);
	switch (lock->kind) {
	case FILE_LOCK_FLOCK:
		snprintf(buffer, FILE_LOCK_TEXT_SIZE, "flock (%s)", lock->is_write ? "exclusive" : "shared");
		break;
	case FILE_LOCK_POSIX:
		snprintf(buffer, FILE_LOCK_TEXT_SIZE, "POSIX %s lock of %s", type, range);
		break;
	case FILE_LOCK_OFD:
		snprintf(buffer, FILE_LOCK_TEXT_SIZE, "%s lock (OFD) of %s", type, range);
		break;
	case FILE_LOCK_LEASE:
		snprintf(buffer, FILE_LOCK_TEXT_SIZE, "%s lease", type);
		break;
	case FILE_LOCK_DELEGATION:
		snprintf(buffer, FILE_LOCK_TEXT_SIZE, "%s delegation", type);
		break;
	default:
		snprintf(buffer, FILE_LOCK_TEXT_SIZE, "lock of an unknown kind");
		break;
	}
	return buffer;
}
