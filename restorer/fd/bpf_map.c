/* SPDX-License-Identifier: MIT */
/* Maps of bpf(2), at restore. */
#include "common/bpf_map.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "format/fd/bpf_map.h"
#include "format/fd/open_file.h"
#include "restorer/fd/contents_reader.h"
#include "restorer/fd/fd_restorer.h"

/* Of an object that has the contents: the map itself, writable, until all is done; in object->state. */
struct made_map {
	int fd;
};

static const Cr__BpfMap *entry_of(const struct object *object)
{
	return (const Cr__BpfMap *)object->entry;
}

static int bpf_map_read_entry(struct restore *restore maybe_unused, struct object *object,
			      const char **ret_reason)
{
	const Cr__BpfMap *entry = entry_of(object);
	struct made_map *made;
	int r = bpf_map_check(entry, ret_reason);

	if (r < 0)
		return r;
	made = malloc(sizeof(*made));
	if (!made)
		return log_error_errno(-ENOMEM, "cannot read a BPF map");
	*made = (struct made_map){.fd = -EBADF};
	object->state = made;
	object->contents_size = entry->count * bpf_map_element_size(entry);
	return 0;
}

/* The one that has the contents. */
static struct object *original_of(struct restore *restore, const struct object *object)
{
	struct object *original = object_find(restore, entry_of(object)->same_as);

	return original && original->kind == object->kind && entry_of(original)->same_as == 0 ? original
											      : NULL;
}

static bool is_plain(const struct object *object)
{
	return entry_of(object)->same_as == 0 && (object->image->flags & O_ACCMODE) == O_RDWR;
}

static int bpf_map_plan(struct restore *restore, struct object *object)
{
	const Cr__BpfMap *entry = entry_of(object);
	uint32_t processors = bpf_map_processors();
	bool may_open = kernel_features_has_cap(&restore->features, CAP_SYS_ADMIN);

	if (entry->same_as != 0 && !original_of(restore, object)) {
		log_error("bad archive: open file %u is the same BPF map as %u, which is none",
			  object->image->id, entry->same_as);
		return -EBADMSG;
	}
	if (entry->processors != 0 && entry->processors != processors)
		blockers_add(&restore->blockers,
			     "the BPF map '%s' has values for %u processors, and this host may have %u",
			     entry->name, entry->processors, processors);
	if (!is_plain(object) && !may_open)
		blockers_add(&restore->blockers,
			     "the BPF map '%s' was opened anew: run cr-restore with CAP_SYS_ADMIN",
			     entry->name);
	else if (!may_open && !kernel_features_has_cap(&restore->features, CAP_BPF))
		blockers_add(&restore->blockers, "the BPF map '%s': run cr-restore with CAP_BPF",
			     entry->name);
	return 0;
}

static int make(const struct object *object)
{
	const Cr__BpfMap *entry = entry_of(object);
	struct made_map *made = object->state;
	struct bpf_map_info info = {
		.type = entry->type,
		.key_size = entry->key_size,
		.value_size = entry->value_size,
		.max_entries = entry->max_entries,
		.map_flags = entry->flags,
	};
	int r;

	if (made->fd >= 0)
		return 0;
	memcpy(info.name, entry->name, strlen(entry->name));
	r = bpf_map_create(&info, &made->fd);
	return r < 0 ? log_error_errno(r, "cannot make the BPF map '%s'", entry->name) : 0;
}

/* Another description of the map. */
static int open_anew(const struct object *original, const struct object *object, int *ret_fd)
{
	uint32_t access = object->image->flags & O_ACCMODE;
	const struct made_map *made = original->state;
	struct bpf_map_info info;
	int r = bpf_map_describe(made->fd, &info);

	if (r == 0)
		r = bpf_map_open(info.id,
				 access == O_RDONLY   ? BPF_F_RDONLY
				 : access == O_WRONLY ? BPF_F_WRONLY
						      : 0,
				 ret_fd);
	return r < 0 ? log_error_errno(r, "cannot open the BPF map '%s'", entry_of(object)->name) : 0;
}

static int bpf_map_open_object(struct restore *restore, const struct object *object, int *ret_fd)
{
	const struct object *original = entry_of(object)->same_as ? original_of(restore, object) : object;
	int r = original ? make(original) : -EBADMSG, fd;

	if (r < 0)
		return r;
	if (!is_plain(object))
		return open_anew(original, object, ret_fd);
	fd = fcntl(((const struct made_map *)object->state)->fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return log_error_errno(-errno, "cannot open the BPF map '%s'", entry_of(object)->name);
	*ret_fd = fd;
	return 0;
}

static int bpf_map_fill(struct restore *restore, const struct object *object, int our_fd maybe_unused)
{
	const Cr__BpfMap *entry = entry_of(object);
	const struct made_map *made = object->state;
	struct contents_reader contents = {.reader = restore->reader};
	size_t size = (size_t)bpf_map_element_size(entry);
	cleanup_free unsigned char *element = malloc(size);

	if (!element)
		return log_error_errno(-ENOMEM, "cannot fill the BPF map '%s'", entry->name);
	for (uint64_t i = 0; i < entry->count; i++) {
		int r = contents_read(&contents, element, size);

		if (r < 0)
			return r;
		r = bpf_map_set(made->fd, element, element + entry->key_size);
		if (r < 0)
			return log_error_errno(r, "cannot fill the BPF map '%s'", entry->name);
	}
	return 0;
}

static int bpf_map_finish(struct restore *restore)
{
	for (size_t i = 0; i < restore->objects_count; i++) {
		struct object *object = &restore->objects[i];
		struct made_map *made = object->state;
		int r;

		if (object->kind->open != bpf_map_open_object || made->fd < 0)
			continue;
		r = entry_of(object)->is_frozen ? bpf_map_freeze(made->fd) : 0;
		if (r < 0)
			return log_error_errno(r, "cannot freeze the BPF map '%s'", entry_of(object)->name);
		close_fd(&made->fd);
	}
	return 0;
}

static void bpf_map_object_done(struct object *object)
{
	struct made_map *made = object->state;

	if (made)
		close_fd(&made->fd);
	free(made);
	object->state = NULL;
}

const struct fd_restorer bpf_map_fd_restorer = {
	.name = "bpf_map",
	.read = bpf_map_read_entry,
	.plan = bpf_map_plan,
	.open = bpf_map_open_object,
	.fill = bpf_map_fill,
	.finish = bpf_map_finish,
	.done = bpf_map_object_done,
};
