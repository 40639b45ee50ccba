/* SPDX-License-Identifier: MIT */
/* Texts for parsers; to be included behind cmocka.h. */
#pragma once

#include <stdlib.h>
#include <string.h>

/* The text in memory of its exact size, so that the sanitizer sees a read beyond. For the caller to free. */
static inline char *exact(const char *text)
{
	char *copy = malloc(strlen(text) + (*text == '\0'));

	assert_non_null(copy);
	memcpy(copy, text, strlen(text));
	return copy;
}
