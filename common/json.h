/* SPDX-License-Identifier: MIT */
/*
 * Writes JSON to standard output: values one after the other, with tabs before them; KEY is NULL in an array.
 * The outermost bracket is the caller's. What is not UTF-8 becomes U+FFFD.
 */
#pragma once

#include <stdbool.h>

#include <protobuf-c/protobuf-c.h>

#include "common/compiler.h"

/* Where a value comes next: all that decides about commas and indentation. */
struct json {
	unsigned depth;
	bool is_first; /* of its object or array */
};

void json_open(struct json *json, const char *key, char bracket);
void json_close(struct json *json, char bracket);
void json_string(struct json *json, const char *key, const char *text);
void json_unsigned(struct json *json, const char *key, uint64_t value);
void json_signed(struct json *json, const char *key, int64_t value);
void json_bool(struct json *json, const char *key, bool value);
void json_strings(struct json *json, const char *key, char *const *texts, size_t count);
void json_numbers(struct json *json, const char *key, const int32_t *numbers, size_t count);
/* As lower-case hexadecimal digits. */
void json_bytes(struct json *json, const char *key, const ProtobufCBinaryData *bytes);
