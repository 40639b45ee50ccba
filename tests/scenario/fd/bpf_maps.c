/* SPDX-License-Identifier: MIT */
/* Maps of bpf(2): arrays, hashes, and those with a value for each processor; one that is frozen, one that may
 * only be read, and another descriptor of the same map. */
/* needs: root */
#include <linux/bpf.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

#define ELEMENTS 1000
#define PROCESSORS_MAX 1024

struct value {
	uint64_t words[4];
};

static int bpf(int command, union bpf_attr *attributes)
{
	return (int)syscall(SYS_bpf, command, attributes, sizeof(*attributes));
}

static int make(uint32_t type, uint32_t flags, const char *name)
{
	union bpf_attr attributes = {
		.map_type = type,
		.key_size = 4,
		.value_size = sizeof(struct value),
		.max_entries = ELEMENTS,
		.map_flags = flags,
	};

	strncpy(attributes.map_name, name, sizeof(attributes.map_name) - 1);
	return scenario_call(bpf(BPF_MAP_CREATE, &attributes));
}

static int element(int command, int fd, uint32_t key, void *value)
{
	union bpf_attr attributes = {.map_fd = (uint32_t)fd, .key = (uintptr_t)&key};

	attributes.value = (uintptr_t)value;
	return bpf(command, &attributes);
}

static void fill(int fd, uint32_t from, uint32_t to, uint64_t seed)
{
	struct value values[PROCESSORS_MAX];

	for (uint32_t key = from; key < to; key++) {
		scenario_fill(values, sizeof(values), seed + key);
		scenario_call(element(BPF_MAP_UPDATE_ELEM, fd, key, values));
	}
}

static bool is_filled(int fd, uint32_t from, uint32_t to, uint64_t seed, size_t size)
{
	struct value values[PROCESSORS_MAX], expected[PROCESSORS_MAX];

	for (uint32_t key = from; key < to; key++) {
		scenario_fill(expected, sizeof(expected), seed + key);
		scenario_call(element(BPF_MAP_LOOKUP_ELEM, fd, key, values));
		if (memcmp(values, expected, size) != 0)
			return false;
	}
	return true;
}

static struct bpf_map_info look(int fd)
{
	struct bpf_map_info info = {0};
	union bpf_attr attributes = {.info = {(uint32_t)fd, sizeof(info), (uintptr_t)&info}};

	scenario_call(bpf(BPF_OBJ_GET_INFO_BY_FD, &attributes));
	return info;
}

int main(void)
{
	size_t processors = (size_t)sysconf(_SC_NPROCESSORS_CONF);
	int array = make(BPF_MAP_TYPE_ARRAY, 0, "array"),
	    hash = make(BPF_MAP_TYPE_HASH, BPF_F_NO_PREALLOC, "hash");
	int lru = make(BPF_MAP_TYPE_LRU_HASH, 0, ""), each = make(BPF_MAP_TYPE_PERCPU_ARRAY, 0, "each");
	int reader = make(BPF_MAP_TYPE_HASH, BPF_F_RDONLY, "reader"), again,
	    empty = make(BPF_MAP_TYPE_HASH, 0, "empty");
	union bpf_attr attributes = {.map_fd = (uint32_t)array};
	struct value value = {{7}};

	fill(array, 0, ELEMENTS, 1);
	scenario_call(bpf(BPF_MAP_FREEZE, &attributes));
	fill(hash, 100, 900, 2);
	fill(lru, 5, 6, 3);
	fill(each, 0, 10, 4);
	attributes = (union bpf_attr){.map_id = look(hash).id};
	again = scenario_call(bpf(BPF_MAP_GET_FD_BY_ID, &attributes));
	scenario_checkpoint();
	scenario_check(is_filled(array, 0, ELEMENTS, 1, sizeof(struct value)));
	scenario_check(element(BPF_MAP_UPDATE_ELEM, array, 0, &value) < 0 && errno == EPERM);
	scenario_check(strcmp(look(array).name, "array") == 0);
	scenario_check(is_filled(hash, 100, 900, 2, sizeof(struct value)));
	scenario_check(element(BPF_MAP_LOOKUP_ELEM, hash, 99, &value) < 0 && errno == ENOENT);
	scenario_check_equal(look(hash).map_flags, BPF_F_NO_PREALLOC);
	scenario_check_equal(look(hash).max_entries, ELEMENTS);
	scenario_check(is_filled(lru, 5, 6, 3, sizeof(struct value)));
	scenario_check(is_filled(each, 0, 10, 4, processors * sizeof(struct value)));
	scenario_check(element(BPF_MAP_UPDATE_ELEM, reader, 1, &value) < 0 && errno == EPERM);
	scenario_check(element(BPF_MAP_LOOKUP_ELEM, reader, 1, &value) < 0 && errno == ENOENT);
	scenario_check_equal(look(again).id, look(hash).id);
	fill(again, 0, 1, 5);
	scenario_check(is_filled(hash, 0, 1, 5, sizeof(struct value)));
	fill(empty, 0, 1, 6);
	scenario_pass();
}
