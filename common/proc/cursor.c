/* SPDX-License-Identifier: MIT */
/* A bounded reader over text that is not trusted. */
#include "common/proc/cursor.h"

#include <errno.h>
#include <string.h>

static bool is_blank(char character)
{
	return character == ' ' || character == '\t';
}

bool cursor_line(struct cursor *cursor, struct cursor *ret_line)
{
	const char *newline;

	if (cursor_is_empty(cursor))
		return false;
	newline = memchr(cursor->at, '\n', (size_t)(cursor->end - cursor->at));
	ret_line->at = cursor->at;
	ret_line->end = newline ? newline : cursor->end;
	cursor->at = newline ? newline + 1 : cursor->end;
	return true;
}

void cursor_skip_blanks(struct cursor *cursor)
{
	while (cursor->at < cursor->end && is_blank(*cursor->at))
		cursor->at++;
}

bool cursor_skip(struct cursor *cursor, const char *literal)
{
	size_t length = strlen(literal);

	if ((size_t)(cursor->end - cursor->at) < length || memcmp(cursor->at, literal, length) != 0)
		return false;
	cursor->at += length;
	return true;
}

bool cursor_word(struct cursor *cursor, struct cursor *ret_word)
{
	cursor_skip_blanks(cursor);
	if (cursor_is_empty(cursor))
		return false;
	ret_word->at = cursor->at;
	while (cursor->at < cursor->end && !is_blank(*cursor->at))
		cursor->at++;
	ret_word->end = cursor->at;
	return true;
}

bool cursor_split(const struct cursor *line, struct cursor *ret_key, struct cursor *ret_value)
{
	struct cursor value = {.end = line->end};
	const char *colon;

	if (cursor_is_empty(line))
		return false;
	colon = memchr(line->at, ':', (size_t)(line->end - line->at));
	if (!colon)
		return false;
	value.at = colon + 1;
	cursor_skip_blanks(&value);
	while (value.end > value.at && is_blank(value.end[-1]))
		value.end--;
	*ret_key = (struct cursor){.at = line->at, .end = colon};
	*ret_value = value;
	return true;
}

static unsigned digit_value(char character)
{
	if (character >= '0' && character <= '9')
		return (unsigned)(character - '0');
	if (character >= 'a' && character <= 'f')
		return (unsigned)(character - 'a') + 10;
	if (character >= 'A' && character <= 'F')
		return (unsigned)(character - 'A') + 10;
	return 16;
}

int cursor_u64(struct cursor *cursor, unsigned base, uint64_t *ret_value)
{
	struct cursor rest = *cursor;
	const char *first;
	uint64_t value = 0;

	cursor_skip_blanks(&rest);
	first = rest.at;
	for (; rest.at < rest.end; rest.at++) {
		unsigned digit = digit_value(*rest.at);

		if (digit >= base)
			break;
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return -EBADMSG;
	}
	if (rest.at == first)
		return -EBADMSG;
	*cursor = rest;
	*ret_value = value;
	return 0;
}

int cursor_u32(struct cursor *cursor, unsigned base, uint32_t *ret_value)
{
	struct cursor rest = *cursor;
	uint64_t value;
	int r = cursor_u64(&rest, base, &value);

	if (r < 0)
		return r;
	if (value > UINT32_MAX)
		return -EBADMSG;
	*cursor = rest;
	*ret_value = (uint32_t)value;
	return 0;
}

int cursor_i64(struct cursor *cursor, int64_t *ret_value)
{
	struct cursor rest = *cursor;
	bool is_negative;
	uint64_t value;

	cursor_skip_blanks(&rest);
	is_negative = cursor_skip(&rest, "-");
	if (is_negative && !cursor_is_empty(&rest) && is_blank(*rest.at))
		return -EBADMSG;
	if (cursor_u64(&rest, 10, &value) < 0)
		return -EBADMSG;
	if (value > (uint64_t)INT64_MAX + (is_negative ? 1 : 0))
		return -EBADMSG;
	*cursor = rest;
	*ret_value = is_negative ? (int64_t)(0 - value) : (int64_t)value;
	return 0;
}

int cursor_i32(struct cursor *cursor, int32_t *ret_value)
{
	struct cursor rest = *cursor;
	int64_t value;
	int r = cursor_i64(&rest, &value);

	if (r < 0)
		return r;
	if (value < INT32_MIN || value > INT32_MAX)
		return -EBADMSG;
	*cursor = rest;
	*ret_value = (int32_t)value;
	return 0;
}

int cursor_copy(const struct cursor *cursor, char *buffer, size_t size)
{
	size_t length = (size_t)(cursor->end - cursor->at);

	if (length >= size || memchr(cursor->at, '\0', length))
		return -EBADMSG;
	memcpy(buffer, cursor->at, length);
	buffer[length] = '\0';
	return 0;
}
