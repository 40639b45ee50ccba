/* SPDX-License-Identifier: MIT */
/* Maps of bpf(2). */
#include "common/bpf_map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"

#define POSSIBLE_PROCESSORS_FILE "/sys/devices/system/cpu/possible"

/* A program uses 64 at most, as far as the verifier allows. */
#define MAPS_OF_PROGRAM_MAX 1024

static int bpf(int command, union bpf_attr *attributes)
{
	long r = syscall(SYS_bpf, command, attributes, sizeof(*attributes));

	return r < 0 ? -errno : (int)r;
}

static int describe(int fd, void *info, size_t size)
{
	union bpf_attr attributes = {.info = {
					     .bpf_fd = (uint32_t)fd,
					     .info_len = (uint32_t)size,
					     .info = (uintptr_t)info,
				     }};

	return MIN(bpf(BPF_OBJ_GET_INFO_BY_FD, &attributes), 0);
}

int bpf_map_describe(int fd, struct bpf_map_info *ret_info)
{
	memset(ret_info, 0, sizeof(*ret_info));
	return describe(fd, ret_info, sizeof(*ret_info));
}

static int open_by_id(int command, uint32_t id, uint32_t flags, int *ret_fd)
{
	union bpf_attr attributes = {.map_id = id};
	int fd;

	attributes.open_flags = flags;
	fd = bpf(command, &attributes);
	if (fd < 0)
		return fd;
	*ret_fd = fd;
	return 0;
}

int bpf_map_open(uint32_t id, uint32_t flags, int *ret_fd)
{
	return open_by_id(BPF_MAP_GET_FD_BY_ID, id, flags, ret_fd);
}

int bpf_map_create(const struct bpf_map_info *info, int *ret_fd)
{
	union bpf_attr attributes = {
		.map_type = info->type,
		.key_size = info->key_size,
		.value_size = info->value_size,
		.max_entries = info->max_entries,
		.map_flags = info->map_flags,
	};
	int fd;

	memcpy(attributes.map_name, info->name, sizeof(attributes.map_name));
	fd = bpf(BPF_MAP_CREATE, &attributes);
	if (fd < 0)
		return fd;
	*ret_fd = fd;
	return 0;
}

static int element(int command, int fd, const void *key, const void *value)
{
	union bpf_attr attributes = {.map_fd = (uint32_t)fd, .key = (uintptr_t)key};

	attributes.value = (uintptr_t)value;
	return MIN(bpf(command, &attributes), 0);
}

int bpf_map_next_key(int fd, const void *key, void *next_key)
{
	return element(BPF_MAP_GET_NEXT_KEY, fd, key, next_key);
}

int bpf_map_get(int fd, const void *key, void *value)
{
	return element(BPF_MAP_LOOKUP_ELEM, fd, key, value);
}

int bpf_map_set(int fd, const void *key, const void *value)
{
	return element(BPF_MAP_UPDATE_ELEM, fd, key, value);
}

int bpf_map_freeze(int fd)
{
	union bpf_attr attributes = {.map_fd = (uint32_t)fd};

	return MIN(bpf(BPF_MAP_FREEZE, &attributes), 0);
}

bool bpf_map_is_per_processor(uint32_t type)
{
	return type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_ARRAY ||
	       type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

size_t bpf_map_value_size(uint32_t type, uint32_t value_size, uint32_t processors)
{
	return bpf_map_is_per_processor(type) ? ALIGN_UP((size_t)value_size, (size_t)8) * processors
					      : value_size;
}

/* "0-7": the numbers of all that there may be begin with 0 and have no gaps but on odd machines. */
uint32_t bpf_map_processors(void)
{
	cleanup_free char *text = NULL;
	char *last;

	if (file_read_at(AT_FDCWD, POSSIBLE_PROCESSORS_FILE, 4096, &text, NULL) < 0)
		return 0;
	last = strpbrk(text, ",") ? NULL : strrchr(text, '-');
	if (!last)
		return strcmp(text, "0\n") == 0 ? 1 : 0;
	return (uint32_t)strtoul(last + 1, NULL, 10) + 1;
}

/* Whether the program of FD uses it. */
static int uses_map(int fd, uint32_t id)
{
	uint32_t maps[MAPS_OF_PROGRAM_MAX];
	struct bpf_prog_info info = {.nr_map_ids = ARRAY_SIZE(maps), .map_ids = (uintptr_t)maps};
	int r = describe(fd, &info, sizeof(info));

	for (uint32_t i = 0; r == 0 && i < MIN(info.nr_map_ids, (uint32_t)ARRAY_SIZE(maps)); i++)
		if (maps[i] == id)
			return 1;
	return r;
}

int bpf_map_find_program(uint32_t id, uint32_t *ret_program)
{
	uint32_t program = 0;

	for (;;) {
		union bpf_attr attributes = {.start_id = program};
		cleanup_close int fd = -EBADF;
		int r = bpf(BPF_PROG_GET_NEXT_ID, &attributes);

		if (r == -ENOENT)
			return 0;
		if (r < 0)
			return r;
		program = attributes.next_id;
		r = open_by_id(BPF_PROG_GET_FD_BY_ID, program, 0, &fd);
		if (r == -ENOENT) /* gone by now */
			continue;
		if (r == 0)
			r = uses_map(fd, id);
		if (r != 0) {
			*ret_program = program;
			return r;
		}
	}
}
