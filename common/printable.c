/* SPDX-License-Identifier: MIT */
/* Text of unknown origin made safe to show on a terminal. */
#include "common/printable.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool is_continuation(char byte)
{
	return ((unsigned char)byte & 0xC0) == 0x80;
}

size_t utf8_decode(const char *text, uint32_t *ret_character)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char first = (unsigned char)text[0];
	uint32_t character;
	size_t length;

	if (first < 0x80) {
		*ret_character = first;
		return 1;
	}
	length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
	if (first < 0xC2 || first > 0xF4)
		return 0;
	character = first & (0x7FU >> length);
	for (size_t i = 1; i < length; i++) {
		if (!is_continuation(text[i]))
			return 0;
		character = character << 6 | ((unsigned char)text[i] & 0x3F);
	}
	if (character < smallest[length] || character > 0x10FFFF ||
	    (character >= 0xD800 && character <= 0xDFFF))
		return 0;
	*ret_character = character;
	return length;
}

static bool is_safe(uint32_t character)
{
	if (character < 0x20 || (character >= 0x7F && character < 0xA0) || character == '\\')
		return false;
	/* separators of lines, marks and overrides of direction, byte order mark */
	return !(character >= 0x200B && character <= 0x200F) &&
	       !(character >= 0x2028 && character <= 0x202E) &&
	       !(character >= 0x2060 && character <= 0x206F) && character != 0x61C && character != 0xFEFF;
}

const char *printable(const char *text, char *buffer, size_t size)
{
	const char *at = text ? text : "";
	size_t used = 0;

	while (*at) {
		uint32_t character = 0;
		size_t length = utf8_decode(at, &character);
		char piece[16];
		size_t piece_size;

		if (length > 0 && is_safe(character))
			snprintf(piece, sizeof(piece), "%.*s", (int)length, at);
		else if (length <= 1)
			snprintf(piece, sizeof(piece), "\\x%02x", (unsigned char)*at);
		else
			snprintf(piece, sizeof(piece), "\\u{%x}", character);
		piece_size = strlen(piece);
		if (used + piece_size + sizeof("...") > size) {
			memcpy(buffer + used, "...", sizeof("..."));
			return buffer;
		}
		memcpy(buffer + used, piece, piece_size);
		used += piece_size;
		at += MAX(length, (size_t)1);
	}
	buffer[used] = '\0';
	return buffer;
}
