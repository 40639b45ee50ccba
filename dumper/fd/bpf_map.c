/* SPDX-License-Identifier: MIT */
/* Maps of bpf(2), at dump. */
#include "common/bpf_map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/id_map.h"
#include "common/interrupt.h"
#include "common/log.h"
#include "dumper/fd/fd_dumper.h"
#include "format/fd/bpf_map.h"

/* Maps that were met, by their number in the kernel: the id of the open file that has the contents. */
struct known_maps {
	struct id_map files;
};

static bool bpf_map_matches(const struct fd_info *info)
{
	return fd_info_is_anonymous(info, "bpf-map");
}

static struct known_maps *known_maps(struct dump *dump)
{
	if (!dump->fd_kind_states[FD_KIND_bpf_map])
		dump->fd_kind_states[FD_KIND_bpf_map] = calloc(1, sizeof(struct known_maps));
	return dump->fd_kind_states[FD_KIND_bpf_map];
}

static void bpf_map_done(struct dump *dump)
{
	struct known_maps *known = dump->fd_kind_states[FD_KIND_bpf_map];

	if (known)
		id_map_done(&known->files);
	free(known);
	dump->fd_kind_states[FD_KIND_bpf_map] = NULL;
}

/* One that can be read, whatever the program's own descriptor allows. */
static int open_for_reading(const struct bpf_map_info *info, int our_fd, int *ret_fd)
{
	int flags = fcntl(our_fd, F_GETFL), fd;

	if (flags >= 0 && (flags & O_ACCMODE) == O_WRONLY)
		return bpf_map_open(info->id, 0, ret_fd);
	fd = fcntl(our_fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

static void check_use(struct dump *dump, const struct bpf_map_info *info)
{
	uint32_t program = 0;
	int r = bpf_map_find_program(info->id, &program);

	if (r == 1)
		blockers_add(&dump->blockers,
			     "its BPF map '%s' is used by BPF program %u, which cannot be preserved (bpftool "
			     "prog show id %u)",
			     info->name, program, program);
	else if (r < 0)
		blockers_add(
			&dump->blockers,
			"whether a BPF program uses its BPF map '%s' cannot be told: %s (run cr-dump with "
			"CAP_SYS_ADMIN)",
			info->name, strerror(-r));
}

static void check_kind(struct dump *dump, const struct bpf_map_info *info)
{
	if (!bpf_map_type_is_known(info->type))
		blockers_add(&dump->blockers, "its BPF map '%s' is of type %u, which cannot be preserved yet",
			     info->name, info->type);
	if (info->map_flags & ~BPF_MAP_FLAGS_KNOWN)
		blockers_add(&dump->blockers, "its BPF map '%s' has flags %#x, which cannot be preserved yet",
			     info->name, info->map_flags & ~BPF_MAP_FLAGS_KNOWN);
	if (info->btf_id != 0 || info->btf_vmlinux_value_type_id != 0)
		blockers_add(&dump->blockers,
			     "its BPF map '%s' has type information (BTF), which cannot be preserved yet",
			     info->name);
	if (info->ifindex != 0)
		blockers_add(&dump->blockers,
			     "its BPF map '%s' lies in a network device, which cannot be preserved",
			     info->name);
}

/* Counts the elements: it is only done while nobody changes them. */
static int count_elements(int fd, const Cr__BpfMap *map, uint64_t *ret_count)
{
	cleanup_free void *key = malloc(map->key_size);
	uint64_t count = 0;
	int r = key ? bpf_map_next_key(fd, NULL, key) : -ENOMEM;

	while (r == 0 && count <= map->max_entries) {
		count++;
		r = interrupted() ? -EINTR : bpf_map_next_key(fd, key, key);
	}
	if (r != -ENOENT)
		return r < 0 ? r : -EAGAIN;
	*ret_count = count;
	return 0;
}

static int describe_map(struct dump *dump, const struct fd_info *info, const struct bpf_map_info *map,
			Cr__BpfMap *entry)
{
	uint64_t is_frozen = 0;
	int r;

	entry->type = map->type;
	entry->key_size = map->key_size;
	entry->value_size = map->value_size;
	entry->max_entries = map->max_entries;
	entry->flags = map->map_flags;
	entry->name = arena_format(&dump->arena, "%.*s", BPF_OBJ_NAME_LEN - 1, map->name);
	if (bpf_map_is_per_processor(map->type))
		entry->processors = bpf_map_processors();
	r = fdinfo_get_u64(&info->fdinfo, "frozen", 10, &is_frozen);
	if (r < 0 && r != -ENOENT)
		return r;
	entry->is_frozen = is_frozen != 0;
	return entry->name ? 0 : -ENOMEM;
}

static int collect_contents(struct dump *dump, const struct fd_info *info, const struct bpf_map_info *map,
			    Cr__BpfMap *entry, struct open_file *file)
{
	cleanup_close int fd = -EBADF;
	int r = open_for_reading(map, info->our_fd, &fd);

	if (r == 0)
		r = count_elements(fd, entry, &entry->count);
	if (r == -EINTR || r == -ENOMEM)
		return log_error_errno(r, "cannot read its BPF map");
	if (r < 0)
		blockers_add(&dump->blockers, "its BPF map '%s' cannot be read: %s", map->name, strerror(-r));
	else
		file->contents_size = entry->count * bpf_map_element_size(entry);
	return 0;
}

static int bpf_map_collect(struct dump *dump, const struct process *process maybe_unused,
			   const struct fd_info *info, struct open_file *file)
{
	struct known_maps *known = known_maps(dump);
	Cr__BpfMap *entry = arena_new(&dump->arena, Cr__BpfMap);
	struct bpf_map_info map;
	uint64_t same_as = 0;
	int r = known && entry ? bpf_map_describe(info->our_fd, &map) : -ENOMEM;

	if (r == 0) {
		cr__bpf_map__init(entry);
		file->entry = &entry->base;
		r = describe_map(dump, info, &map, entry);
	}
	if (r < 0)
		return log_error_errno(r, "cannot look at its BPF map");
	file->description = arena_format(&dump->arena, "BPF map '%s'", entry->name);
	if (id_map_get(&known->files, map.id, &same_as)) {
		entry->same_as = (uint32_t)same_as;
		return file->description ? 0 : log_error_errno(-ENOMEM, "cannot note its BPF map");
	}
	r = file->description ? id_map_set(&known->files, map.id, file->image.id) : -ENOMEM;
	if (r < 0)
		return log_error_errno(r, "cannot note its BPF map");
	check_kind(dump, &map);
	check_use(dump, &map);
	return bpf_map_type_is_known(map.type) ? collect_contents(dump, info, &map, entry, file) : 0;
}

static int write_element(struct dump *dump, int fd, const Cr__BpfMap *entry, const void *key, void *value)
{
	size_t size = (size_t)bpf_map_element_size(entry) - entry->key_size;
	int r = interrupted() ? -EINTR : bpf_map_get(fd, key, value);

	if (r == -EINTR)
		return r;
	if (r < 0)
		return log_error_errno(r, "cannot read its BPF map");
	r = archive_writer_data(dump->writer, key, entry->key_size);
	return r < 0 ? r : archive_writer_data(dump->writer, value, size);
}

static int bpf_map_write_contents(struct dump *dump, const struct open_file *file, int our_fd)
{
	const Cr__BpfMap *entry = (const Cr__BpfMap *)file->entry;
	cleanup_free void *key = malloc(entry->key_size);
	cleanup_free void *value = malloc((size_t)bpf_map_element_size(entry));
	cleanup_close int fd = -EBADF;
	struct bpf_map_info map;
	uint64_t count = 0;
	int r = key && value ? bpf_map_describe(our_fd, &map) : -ENOMEM;

	if (r == 0)
		r = open_for_reading(&map, our_fd, &fd);
	if (r == 0)
		r = bpf_map_next_key(fd, NULL, key);
	if (r < 0)
		return log_error_errno(r, "cannot read its BPF map");
	while (r == 0 && count < entry->count) {
		r = write_element(dump, fd, entry, key, value);
		if (r < 0)
			return r;
		count++;
		r = bpf_map_next_key(fd, key, key);
	}
	if (count != entry->count || r != -ENOENT)
		return log_error_errno(-EAGAIN, "cannot read its BPF map: others have changed it meanwhile");
	return 0;
}

const struct fd_dumper bpf_map_fd_dumper = {
	.name = "bpf_map",
	.inside_only_name = "bpf-map",
	.matches = bpf_map_matches,
	.collect = bpf_map_collect,
	.write_contents = bpf_map_write_contents,
	.done = bpf_map_done,
};
