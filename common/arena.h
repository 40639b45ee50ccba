/* SPDX-License-Identifier: MIT */
/*
 * Memory that is freed all at once, for the many small parts of an image being built. All is zeroed. Not for
 * several threads.
 */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "common/compiler.h"

struct arena_block;
struct arena {
	struct arena_block *blocks;
	size_t used, size; /* of the first block */
};

void arena_done(struct arena *arena);

/* NULL when memory is short. */
void *arena_alloc(struct arena *arena, size_t size);
void *arena_copy(struct arena *arena, const void *data, size_t size);
char *arena_string(struct arena *arena, const char *text);
char *arena_format(struct arena *arena, const char *format, ...) printf_like(2, 3);

#define arena_new(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define arena_array(arena, type, count) ((type *)arena_alloc((arena), sizeof(type) * (count)))

/* SIZE bytes of DATA as a protobuf bytes field; data is NULL when memory is short (and when SIZE is 0). */
ProtobufCBinaryData arena_bytes(struct arena *arena, const void *data, size_t size);
