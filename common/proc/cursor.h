/* SPDX-License-Identifier: MIT */
/*
 * A bounded reader over text that is not trusted: nothing here looks past the end, and numbers that do not
 * fit are an error. Shared by the parsers of this folder.
 */
#pragma once

#include <stdbool.h>
#include <string.h>

#include "common/compiler.h"

/* What is left to read: [at, end). The text is borrowed and need not be terminated. */
struct cursor {
	const char *at;
	const char *end;
};

#define CURSOR(text, size) ((struct cursor){.at = (text), .end = (text) + (size)})

static inline bool cursor_is_empty(const struct cursor *cursor)
{
	return cursor->at >= cursor->end;
}

/* The next line, without its '\n', or false at the end. The last line may lack a '\n'. */
bool cursor_line(struct cursor *cursor, struct cursor *ret_line);

/* Steps over spaces and tabs. */
void cursor_skip_blanks(struct cursor *cursor);

/* Steps over LITERAL if the text begins with it; else false, and nothing has moved. */
bool cursor_skip(struct cursor *cursor, const char *literal);

/* The run of characters up to the next blank or the end; false if it is empty. Leading blanks are skipped. */
bool cursor_word(struct cursor *cursor, struct cursor *ret_word);

/* Splits "key: value" at the first ':'; blanks round the value are dropped. False if there is no ':'. */
bool cursor_split(const struct cursor *line, struct cursor *ret_key, struct cursor *ret_value);

static inline bool cursor_equals(const struct cursor *cursor, const char *literal)
{
	size_t length = strlen(literal);

	return (size_t)(cursor->end - cursor->at) == length && memcmp(cursor->at, literal, length) == 0;
}

/* A number in BASE (8, 10 or 16, digits in either case, no prefix); leading blanks are skipped. -EBADMSG
 * without a digit or when it does not fit. On an error nothing has moved. */
int must_check cursor_u64(struct cursor *cursor, unsigned base, uint64_t *ret_value);
int must_check cursor_u32(struct cursor *cursor, unsigned base, uint32_t *ret_value);
int must_check cursor_i64(struct cursor *cursor, int64_t *ret_value);
int must_check cursor_i32(struct cursor *cursor, int32_t *ret_value);

/* Copies the text into BUFFER with a '\0'; -EBADMSG if it does not fit or holds a '\0'. */
int must_check cursor_copy(const struct cursor *cursor, char *buffer, size_t size);
