/* SPDX-License-Identifier: MIT */
/* What a valid map of bpf(2) is. */
#include "format/fd/bpf_map.h"

#include <errno.h>
#include <string.h>

#include "common/bpf_map.h"

#define PROCESSORS_MAX 65536

static int refuse(const char *reason, const char **ret_reason)
{
	*ret_reason = reason;
	return -EBADMSG;
}

bool bpf_map_type_is_known(uint32_t type)
{
	switch (type) {
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
	case BPF_MAP_TYPE_LPM_TRIE:
		return true;
	default:
		return false;
	}
}

uint64_t bpf_map_element_size(const Cr__BpfMap *map)
{
	return map->key_size + (uint64_t)bpf_map_value_size(map->type, map->value_size, map->processors);
}

int bpf_map_check(const Cr__BpfMap *map, const char **ret_reason)
{
	if (!bpf_map_type_is_known(map->type))
		return refuse("the type of the map is not known", ret_reason);
	if (map->key_size == 0 || map->value_size == 0 || map->max_entries == 0)
		return refuse("the map has no room", ret_reason);
	if ((map->processors != 0) != bpf_map_is_per_processor(map->type) || map->processors > PROCESSORS_MAX)
		return refuse("the map is of no possible number of processors", ret_reason);
	if (bpf_map_element_size(map) > BPF_MAP_ELEMENT_SIZE_MAX)
		return refuse("the elements of the map are too large", ret_reason);
	if (map->flags & ~BPF_MAP_FLAGS_KNOWN)
		return refuse("the map has flags that are not known", ret_reason);
	if (strlen(map->name) >= BPF_OBJ_NAME_LEN)
		return refuse("the name of the map is too long", ret_reason);
	if (map->count > map->max_entries || (map->same_as != 0 && map->count != 0))
		return refuse("the map has too many elements", ret_reason);
	return 0;
}
