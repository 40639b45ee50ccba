/* SPDX-License-Identifier: MIT */
/* Memory that is freed all at once. */
#include "common/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_BLOCK_SIZE 65536

struct arena_block {
	struct arena_block *next;
	max_align_t data[];
};

void arena_done(struct arena *arena)
{
	while (arena->blocks) {
		struct arena_block *next = arena->blocks->next;

		free(arena->blocks);
		arena->blocks = next;
	}
	*arena = (struct arena){0};
}

void *arena_alloc(struct arena *arena, size_t size)
{
	size_t aligned = ALIGN_UP(size, sizeof(max_align_t));
	void *result;

	if (aligned < size)
		return NULL;
	if (!arena->blocks || arena->size - arena->used < aligned) {
		size_t block_size = MAX(aligned, (size_t)ARENA_BLOCK_SIZE);
		struct arena_block *block = calloc(1, sizeof(*block) + block_size);

		if (!block)
			return NULL;
		block->next = arena->blocks;
		arena->blocks = block;
		arena->used = 0;
		arena->size = block_size;
	}
	result = (char *)arena->blocks->data + arena->used;
	arena->used += aligned;
	return result;
}

void *arena_copy(struct arena *arena, const void *data, size_t size)
{
	void *copy = arena_alloc(arena, size);

	if (copy && size)
		memcpy(copy, data, size);
	return copy;
}

char *arena_string(struct arena *arena, const char *text)
{
	return arena_copy(arena, text, strlen(text) + 1);
}

char *arena_format(struct arena *arena, const char *format, ...)
{
	va_list arguments;
	char *text, *copy;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	copy = text ? arena_string(arena, text) : NULL;
	free(text);
	return copy;
}

ProtobufCBinaryData arena_bytes(struct arena *arena, const void *data, size_t size)
{
	ProtobufCBinaryData bytes = {.len = size, .data = size ? arena_copy(arena, data, size) : NULL};

	if (!bytes.data)
		bytes.len = 0;
	return bytes;
}
