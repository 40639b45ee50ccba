/* SPDX-License-Identifier: MIT */
/* Writes JSON to standard output. */
#include "common/json.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/printable.h"

static void next_value(struct json *json)
{
	fputs(json->is_first ? "\n" : ",\n", stdout);
	json->is_first = false;
	for (unsigned i = 0; i < json->depth; i++)
		putchar('\t');
}

/* What is not UTF-8 is shown as U+FFFD: JSON has no bytes. */
static void print_string(const char *text)
{
	putchar('"');
	for (const char *at = text ? text : ""; *at;) {
		uint32_t character = 0;
		size_t length = utf8_decode(at, &character);

		if (length == 0)
			fputs("\\ufffd", stdout);
		else if (character < 0x20 || character == '"' || character == '\\' ||
			 (character >= 0x7F && character < 0xA0) || character == 0x2028 ||
			 character == 0x2029)
			printf("\\u%04" PRIx32, character);
		else
			fwrite(at, 1, length, stdout);
		at += MAX(length, (size_t)1);
	}
	putchar('"');
}

static void print_key(struct json *json, const char *key)
{
	next_value(json);
	if (key)
		printf("\"%s\": ", key);
}

void json_open(struct json *json, const char *key, char bracket)
{
	print_key(json, key);
	putchar(bracket);
	json->depth++;
	json->is_first = true;
}

void json_close(struct json *json, char bracket)
{
	bool is_empty = json->is_first;

	json->depth--;
	json->is_first = true;
	if (!is_empty)
		next_value(json);
	json->is_first = false;
	putchar(bracket);
}

void json_string(struct json *json, const char *key, const char *text)
{
	print_key(json, key);
	print_string(text);
}

void json_unsigned(struct json *json, const char *key, uint64_t value)
{
	print_key(json, key);
	printf("%" PRIu64, value);
}

void json_signed(struct json *json, const char *key, int64_t value)
{
	print_key(json, key);
	printf("%" PRId64, value);
}

void json_bool(struct json *json, const char *key, bool value)
{
	print_key(json, key);
	fputs(value ? "true" : "false", stdout);
}

void json_strings(struct json *json, const char *key, char *const *texts, size_t count)
{
	json_open(json, key, '[');
	for (size_t i = 0; i < count; i++)
		json_string(json, NULL, texts[i]);
	json_close(json, ']');
}

void json_numbers(struct json *json, const char *key, const int32_t *numbers, size_t count)
{
	json_open(json, key, '[');
	for (size_t i = 0; i < count; i++)
		json_signed(json, NULL, numbers[i]);
	json_close(json, ']');
}

void json_bytes(struct json *json, const char *key, const ProtobufCBinaryData *bytes)
{
	print_key(json, key);
	putchar('"');
	for (size_t i = 0; i < bytes->len; i++)
		printf("%02x", bytes->data[i]);
	putchar('"');
}
