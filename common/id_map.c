/* SPDX-License-Identifier: MIT */
/* A hash map from 64-bit numbers to 64-bit numbers: open addressing, linear probing, at most three quarters
 * full. */
#include "common/id_map.h"

#include <errno.h>
#include <stdlib.h>

void id_map_done(struct id_map *map)
{
	if (!map)
		return;
	free(map->slots);
	*map = (struct id_map){0};
}

/* Spreads keys that differ in few bits over all of the table: xor-shifts and multiplications by odd
 * constants. */
static size_t home_of(const struct id_map *map, uint64_t key)
{
	key ^= key >> 32;
	key *= 0x9e3779b97f4a7c15;
	key ^= key >> 29;
	key *= 0xd1b54a32d192ed03;
	key ^= key >> 32;
	return (size_t)key & (map->slots_count - 1);
}

/* The slot of KEY, or the free one where it belongs. There is always a free one. */
static struct id_map_slot *find_slot(const struct id_map *map, uint64_t key)
{
	size_t i = home_of(map, key);

	while (map->slots[i].is_used && map->slots[i].key != key)
		i = (i + 1) & (map->slots_count - 1);
	return &map->slots[i];
}

static int grow(struct id_map *map)
{
	struct id_map grown = {.slots_count = map->slots_count > 0 ? map->slots_count * 2 : 16,
			       .count = map->count};

	grown.slots = calloc(grown.slots_count, sizeof(*grown.slots));
	if (!grown.slots)
		return -ENOMEM;
	for (size_t i = 0; i < map->slots_count; i++) {
		if (map->slots[i].is_used)
			*find_slot(&grown, map->slots[i].key) = map->slots[i];
	}
	free(map->slots);
	*map = grown;
	return 0;
}

int id_map_set(struct id_map *map, uint64_t key, uint64_t value)
{
	struct id_map_slot *slot;

	if (map->count + 1 > map->slots_count / 4 * 3) {
		int r = grow(map);

		if (r < 0)
			return r;
	}
	slot = find_slot(map, key);
	if (!slot->is_used)
		map->count++;
	*slot = (struct id_map_slot){.key = key, .value = value, .is_used = true};
	return 0;
}

bool id_map_get(const struct id_map *map, uint64_t key, uint64_t *ret_value)
{
	const struct id_map_slot *slot;

	if (map->count == 0)
		return false;
	slot = find_slot(map, key);
	if (!slot->is_used)
		return false;
	if (ret_value)
		*ret_value = slot->value;
	return true;
}

bool id_map_remove(struct id_map *map, uint64_t key)
{
	size_t mask = map->slots_count - 1, hole;
	struct id_map_slot *slot;

	if (map->count == 0)
		return false;
	slot = find_slot(map, key);
	if (!slot->is_used)
		return false;
	/* Later members of the run move up, unless that would put them before their home. */
	hole = (size_t)(slot - map->slots);
	for (size_t i = (hole + 1) & mask; map->slots[i].is_used; i = (i + 1) & mask) {
		size_t home = home_of(map, map->slots[i].key);

		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		map->slots[hole] = map->slots[i];
		hole = i;
	}
	map->slots[hole] = (struct id_map_slot){0};
	map->count--;
	return true;
}

bool id_map_next(const struct id_map *map, size_t *position, uint64_t *ret_key, uint64_t *ret_value)
{
	while (*position < map->slots_count) {
		const struct id_map_slot *slot = &map->slots[(*position)++];

		if (!slot->is_used)
			continue;
		*ret_key = slot->key;
		*ret_value = slot->value;
		return true;
	}
	return false;
}
