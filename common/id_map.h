/* SPDX-License-Identifier: MIT */
/* A hash map from 64-bit numbers (inodes, object ids) to 64-bit numbers or borrowed pointers. */
#pragma once

#include <stdbool.h>

#include "common/compiler.h"

struct id_map_slot {
	uint64_t key;
	uint64_t value;
	bool is_used;
};

/* {0} is an empty map. */
struct id_map {
	struct id_map_slot *slots;
	size_t slots_count; /* 0 or a power of two */
	size_t count;
};

void id_map_done(struct id_map *map);

/* Adds KEY, any number, or replaces its value; 0 or -ENOMEM. */
int must_check id_map_set(struct id_map *map, uint64_t key, uint64_t value);

/* Whether KEY is there; *RET_VALUE (may be NULL) is written only then. */
bool id_map_get(const struct id_map *map, uint64_t key, uint64_t *ret_value);

/* Whether it was there. */
bool id_map_remove(struct id_map *map, uint64_t key);

/*
 * Walks the map in no order: start with *POSITION 0; false at the end. The map must not change meanwhile; nor
 * may results depend on the order.
 */
bool id_map_next(const struct id_map *map, size_t *position, uint64_t *ret_key, uint64_t *ret_value);

static inline int must_check id_map_set_pointer(struct id_map *map, uint64_t key, void *pointer)
{
	return id_map_set(map, key, (uintptr_t)pointer);
}

/* NULL if KEY is not there. */
static inline void *id_map_get_pointer(const struct id_map *map, uint64_t key)
{
	uint64_t value = 0;

	return id_map_get(map, key, &value) ? (void *)(uintptr_t)value : NULL;
}
