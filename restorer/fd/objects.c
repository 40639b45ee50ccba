/* SPDX-License-Identifier: MIT */
/* Drives the kinds of open files at restore: reading and planning. */
#include "restorer/fd/objects.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/log.h"
#include "common/vector.h"
#include "format/fd/open_file.h"
#include "format/layout.h"
#include "format/message.h"
#include "restorer/fd/fd_restorer.h"

#define FD_KIND(kind, type, prefix)                                                                          \
	extern const struct fd_restorer kind##_fd_restorer;                                                  \
	extern const ProtobufCMessageDescriptor prefix##__descriptor;
#include "format/kinds.def"
#undef FD_KIND

#define FD_KIND(kind, type, prefix) {&kind##_fd_restorer, &prefix##__descriptor},
static const struct {
	const struct fd_restorer *restorer;
	const ProtobufCMessageDescriptor *entry;
} kinds[] = {
#include "format/kinds.def"
};
#undef FD_KIND

static void object_done(struct object *object)
{
	if (object->kind && object->kind->done)
		object->kind->done(object);
	close_fd(&object->our_fd);
	message_free(object->entry);
	if (object->image)
		message_free(&object->image->base);
	*object = (struct object){.our_fd = -EBADF};
}

void objects_done(struct restore *restore)
{
	for (size_t i = 0; i < restore->objects_count; i++)
		object_done(&restore->objects[i]);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].restorer->kind_done)
			kinds[i].restorer->kind_done(restore);
	free(restore->objects);
	restore->objects = NULL;
	restore->objects_count = restore->objects_capacity = 0;
	id_map_done(&restore->objects_by_id);
}

/* Takes IMAGE. */
static int object_read(struct restore *restore, size_t kind, Cr__OpenFile *image)
{
	const char *reason = "its entry cannot be read";
	struct object *object = vector_append(restore, objects);
	int r;

	if (!object) {
		log_error_errno(-ENOMEM, "cannot read open file %u", image->id);
		message_free(&image->base);
		return -ENOMEM;
	}
	object->kind = kinds[kind].restorer;
	object->our_fd = -EBADF;
	object->image = image;
	r = open_file_check(image, &reason);
	if (r == 0 && image->position < 0 && !object->kind->has_addresses) {
		reason = "its position is negative";
		r = -EBADMSG;
	}
	if (r == 0 && id_map_get(&restore->objects_by_id, image->id, NULL)) {
		reason = "its id is there twice";
		r = -EBADMSG;
	}
	if (r == 0)
		r = message_unpack(kinds[kind].entry, image->entry.data, image->entry.len, image->entry.len,
				   &object->entry);
	if (r == 0 && object->kind->read)
		r = object->kind->read(restore, object, &reason);
	if (r == -EBADMSG) {
		log_error("bad archive: fd/%s.pb, open file %u: %s", object->kind->name, image->id, reason);
		return -EBADMSG;
	}
	if (r == 0)
		r = id_map_set(&restore->objects_by_id, image->id, restore->objects_count);
	return r < 0 ? log_error_errno(r, "cannot read open file %u", image->id) : 0;
}

static void list_freep(Cr__OpenFileList **list)
{
	message_free(&(*list)->base);
}

int objects_read(struct restore *restore, const char *kind, Cr__OpenFileList *list)
{
	cleanup_(list_freep) Cr__OpenFileList *owned = list;
	size_t index = 0;

	while (index < ARRAY_SIZE(kinds) && strcmp(kinds[index].restorer->name, kind) != 0)
		index++;
	if (index == ARRAY_SIZE(kinds)) {
		log_error("bad archive: open files of unknown kind '%s'", kind);
		return -EBADMSG;
	}
	for (size_t i = 0; i < owned->n_files; i++) {
		int r = object_read(restore, index, take_ptr(owned->files[i]));

		if (r < 0)
			return r;
	}
	return 0;
}

static int compare_descriptors(const void *left, const void *right)
{
	const Cr__Descriptor *const *a = left, *const *b = right;

	return ((*a)->fd > (*b)->fd) - ((*a)->fd < (*b)->fd);
}

/* Numbers are below the hard limit; who may raise that can go up to the kernel's own. */
static int read_number_limit(const struct restore *restore, uint64_t *ret_limit)
{
	cleanup_free char *text = NULL;
	struct rlimit limit;
	int r;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return log_error_errno(-errno, "cannot read the limit of open files");
	*ret_limit = limit.rlim_max;
	if (!kernel_features_has_cap(&restore->features, CAP_SYS_RESOURCE))
		return 0;
	r = file_read_at(AT_FDCWD, "/proc/sys/fs/nr_open", 64, &text, NULL);
	if (r < 0)
		return log_error_errno(r, "cannot read '/proc/sys/fs/nr_open'");
	*ret_limit = strtoull(text, NULL, 10);
	return 0;
}

static int plan_table(struct restore *restore, struct task *task, uint64_t limit)
{
	Cr__DescriptorTable *table = task->descriptors;

	qsort(table->descriptors, table->n_descriptors, sizeof(table->descriptors[0]), compare_descriptors);
	for (size_t i = 0; i < table->n_descriptors; i++) {
		const Cr__Descriptor *descriptor = table->descriptors[i];
		int fd = descriptor->fd;

		if (fd < 0 || (i > 0 && table->descriptors[i - 1]->fd == fd)) {
			log_error("bad archive: fd %d is %s", fd, fd < 0 ? "no valid number" : "there twice");
			return -EBADMSG;
		}
		if (!id_map_get(&restore->objects_by_id, descriptor->open_file_id, NULL)) {
			log_error("bad archive: fd %d refers to open file %u, which is not there", fd,
				  descriptor->open_file_id);
			return -EBADMSG;
		}
		if ((uint64_t)fd >= limit)
			blockers_add(&restore->blockers,
				     "fd %d is beyond the limit of open files, %" PRIu64
				     " (raise the hard limit: ulimit -Hn)",
				     fd, limit);
	}
	return 0;
}

static bool owner_exists(const struct restore *restore, const Cr__FileOwner *owner)
{
	for (size_t i = 0; i < restore->tasks_count; i++) {
		const Cr__Process *process = restore->tasks[i].image;

		if (owner->type == F_OWNER_PID && process->pid == owner->id)
			return true;
		if (owner->type == F_OWNER_PGRP && process->pgid == owner->id)
			return true;
		for (size_t j = 0; owner->type == F_OWNER_TID && j < process->n_threads; j++) {
			if (process->threads[j]->tid == owner->id)
				return true;
		}
	}
	return owner->id == 0;
}

static int plan_object(struct restore *restore, struct object *object)
{
	const Cr__OpenFile *image = object->image;

	if (image->owner && !owner_exists(restore, image->owner)) {
		log_error("bad archive: the owner of open file %u, %d, is not there", image->id,
			  image->owner->id);
		return -EBADMSG;
	}
	return object->kind->plan ? object->kind->plan(restore, object) : 0;
}

int objects_plan(struct restore *restore)
{
	uint64_t limit = 0;
	int r;

	r = read_number_limit(restore, &limit);
	if (r < 0)
		return r;
	for (size_t i = 0; i < restore->tasks_count; i++) {
		struct task *task = &restore->tasks[i];

		if (!task->descriptors)
			continue;
		LOG_SCOPE("pid %d", task->image->pid);
		r = plan_table(restore, task, limit);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < restore->objects_count; i++) {
		r = plan_object(restore, &restore->objects[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

int objects_preflight(struct restore *restore)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		int r = kinds[i].restorer->preflight ? kinds[i].restorer->preflight(restore) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

int objects_prepare(struct restore *restore)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		int r = kinds[i].restorer->prepare ? kinds[i].restorer->prepare(restore) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

int objects_each(struct restore *restore, const struct fd_restorer *kind,
		 int (*step)(struct restore *restore, struct object *object))
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < restore->objects_count; i++)
		if (restore->objects[i].kind == kind)
			r = step(restore, &restore->objects[i]);
	return r;
}

struct object *object_find(struct restore *restore, uint32_t id)
{
	uint64_t index = 0;

	return id_map_get(&restore->objects_by_id, id, &index) ? &restore->objects[index - 1] : NULL;
}

uint32_t object_id_at(const struct task *task, int fd)
{
	return task->descriptors ? descriptor_table_get(task->descriptors, fd) : 0;
}

const char *object_place(const struct restore *restore, const struct object *object, char *buffer,
			 size_t size)
{
	uint32_t id = object->image->id;

	snprintf(buffer, size, "open file %u (%s)", id, object->kind->name);
	for (size_t i = 0; i < restore->tasks_count; i++) {
		const Cr__DescriptorTable *table = restore->tasks[i].descriptors;

		for (size_t j = 0; table && j < table->n_descriptors; j++) {
			if (table->descriptors[j]->open_file_id != id)
				continue;
			snprintf(buffer, size, "pid %d: fd %d", restore->tasks[i].image->pid,
				 table->descriptors[j]->fd);
			return buffer;
		}
	}
	return buffer;
}

struct object *objects_find_by_contents(struct restore *restore, const char *member_name)
{
	const char *slash = strrchr(member_name, '/');
	char expected[LAYOUT_NAME_SIZE];
	struct object *object;

	if (!slash)
		return NULL;
	object = object_find(restore, (uint32_t)strtoul(slash + 1, NULL, 10));
	if (!object || object->contents_size == 0 || !object->kind->fill)
		return NULL;
	snprintf(expected, sizeof(expected), LAYOUT_FD_CONTENTS_FORMAT, object->kind->name,
		 object->image->id);
	return strcmp(expected, member_name) == 0 ? object : NULL;
}

int objects_check_contents(const struct restore *restore)
{
	for (size_t i = 0; i < restore->objects_count; i++) {
		const struct object *object = &restore->objects[i];

		if (object->contents_size > 0 && !object->has_contents) {
			log_error("the contents of open file %u (%s) are missing", object->image->id,
				  object->kind->name);
			return -EBADMSG;
		}
	}
	return 0;
}

int objects_finish(struct restore *restore)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		int r = kinds[i].restorer->finish ? kinds[i].restorer->finish(restore) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

int objects_let_go(struct restore *restore)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(kinds); i++)
		r = kinds[i].restorer->let_go ? kinds[i].restorer->let_go(restore) : 0;
	return r;
}

int objects_unused_fd(const struct task *task)
{
	const Cr__DescriptorTable *table = task->descriptors;
	size_t next = 0;

	for (int unused = 3;; unused++) {
		while (next < table->n_descriptors && table->descriptors[next]->fd < unused)
			next++;
		if ((next == table->n_descriptors || table->descriptors[next]->fd > unused) &&
		    fcntl(unused, F_GETFD) < 0)
			return unused;
	}
}
