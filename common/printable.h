/* SPDX-License-Identifier: MIT */
/* Text of unknown origin (names of files and programs) made safe to show on a terminal. */
#pragma once

#include <stdint.h>

#include "common/compiler.h"

/*
 * The character that TEXT, which is not empty, starts with. Returns its length, or 0 if it is not UTF-8 (RFC
 * 3629); then one byte is to be skipped.
 */
size_t utf8_decode(const char *text, uint32_t *ret_character);

/*
 * Copies TEXT into BUFFER, always terminated, and returns BUFFER. What a terminal might obey (control
 * characters, and those that turn the direction of writing) or could not show (bytes that are not UTF-8), and
 * '\', becomes \xNN or \u{NNNN}. What does not fit is cut off, and shown as "...". NULL is shown as "". SIZE
 * is 8 at least.
 */
const char *printable(const char *text, char *buffer, size_t size);

/* Room for any path as printable() writes it, most often. */
#define PRINTABLE_SIZE 1024
