/* SPDX-License-Identifier: MIT */
/* Reads manifest and images, of which nothing is believed, into the context. */
#include "restorer/read.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "common/log.h"
#include "common/proc/cursor.h"
#include "common/progress.h"
#include "format/archive_file.h"
#include "format/ghost.pb-c.h"
#include "format/layout.h"
#include "format/manifest_check.h"
#include "format/message.h"
#include "format/task/memory_check.h"
#include "format/task/process_check.h"
#include "restorer/fd/fd_restorer.h"
#include "restorer/fd/objects.h"
#include "restorer/ghosts.h"
#include "restorer/ipc.h"
#include "restorer/plan.h"

/* So that an image of many fields is not refused for its size, however few bytes they take. */
#define IMAGE_SIZE_FLOOR ((uint64_t)4096)

static const char *const fd_kind_names[] = {
#define FD_KIND(name, type, prefix) #name,
#include "format/kinds.def"
#undef FD_KIND
};

/* What is known while the images come in. */
struct image_reader {
	struct restore *restore;
	struct archive_member member; /* the one being read */
	bool has_fd_kind[ARRAY_SIZE(fd_kind_names)];
};

const char *restore_input_name(const struct restore *restore)
{
	return strcmp(restore->options->input, "-") == 0 ? "standard input" : restore->options->input;
}

static int bad_member(const struct archive_member *member, const char *why)
{
	log_error("member '%s' %s", member->name, why);
	return -EBADMSG;
}

int restore_open(struct restore *restore, struct archive_extent *ret_extent)
{
	struct archive_extent extent = {0};
	int r;

	r = archive_file_open_input(restore->options->input, &restore->input_fd, &restore->is_seekable);
	if (r < 0)
		return r;
	LOG_SCOPE("%s", restore_input_name(restore));
	r = archive_reader_new(restore->input_fd, restore->options->thread_count, &restore->reader);
	if (r == 0 && restore->is_seekable)
		r = archive_reader_check_complete(restore->reader, &extent);
	if (r == 0 && ret_extent)
		*ret_extent = extent;
	return r;
}

/* The limit for unpacking follows the member's real size: a few bytes must not become gigabytes. */
static int read_message(struct restore *restore, const struct archive_member *member,
			const ProtobufCMessageDescriptor *descriptor, uint64_t size_max,
			ProtobufCMessage **ret_message)
{
	if (member->size > size_max) {
		log_error("member '%s' has %" PRIu64 " bytes; at most %" PRIu64 " are possible", member->name,
			  member->size, size_max);
		return -EBADMSG;
	}
	return archive_reader_message(restore->reader, descriptor, MAX(member->size, IMAGE_SIZE_FLOOR),
				      ret_message);
}

int restore_read_manifest(struct restore *restore)
{
	struct archive_member member;
	ProtobufCMessage *message;
	int r;

	if (restore->manifest)
		return 0;
	if (!restore->reader) {
		r = restore_open(restore, NULL);
		if (r < 0)
			return r;
	}
	LOG_SCOPE("%s", restore_input_name(restore));
	r = archive_reader_next(restore->reader, &member);
	if (r < 0)
		return r;
	if (r == 0 || strcmp(member.name, LAYOUT_MANIFEST) != 0) {
		log_error("it does not start with " LAYOUT_MANIFEST ": this is not an archive of cr-dump");
		return -EBADMSG;
	}
	r = read_message(restore, &member, &cr__manifest__descriptor, LAYOUT_MANIFEST_SIZE_MAX, &message);
	if (r < 0)
		return r;
	restore->manifest = (Cr__Manifest *)message;
	return manifest_check(restore->manifest);
}

/* Room for the tasks of the manifest, whose images are to follow. */
static int prepare_tasks(struct image_reader *images)
{
	struct restore *restore = images->restore;
	const Cr__Manifest *manifest = restore->manifest;

	restore->tasks = calloc(manifest->n_processes, sizeof(*restore->tasks));
	if (!restore->tasks)
		return log_error_errno(-ENOMEM, "cannot read the images");
	restore->tasks_count = manifest->n_processes;
	for (size_t i = 0; i < restore->tasks_count; i++) {
		restore->tasks[i].controller_fd_inside = -EBADF;
		if (id_map_set(&restore->tasks_by_pid, (uint64_t)manifest->processes[i]->pid, i) < 0)
			return log_error_errno(-ENOMEM, "cannot read the images");
	}
	return 0;
}

static int prepare_threads(struct task *task)
{
	task->threads = calloc(MAX(task->image->n_threads, (size_t)1), sizeof(*task->threads));
	if (!task->threads)
		return log_error_errno(-ENOMEM, "cannot read the images");
	task->threads_count = task->image->n_threads;
	for (size_t i = 0; i < task->threads_count; i++)
		task->threads[i].image = task->image->threads[i];
	return 0;
}

/* Their processes stand before it, and have what they share as their own. */
static int find_owners(struct image_reader *images, struct task *task)
{
	const int32_t ids[SHARED_COUNT] = {
		[SHARED_MEMORY] = task->image->mm_id,
		[SHARED_FILES] = task->image->fd_table_id,
		[SHARED_FS] = task->image->fs_id,
		[SHARED_HANDLERS] = task->image->handlers_id,
	};

	for (size_t i = 0; i < SHARED_COUNT; i++) {
		struct task *owner = plan_find_task(images->restore, ids[i]);

		if (owner != task && (!owner || owner > task || owner->owners[i] != owner))
			return bad_member(&images->member, "shares something with no process before it");
		task->owners[i] = owner;
	}
	if (task->owners[SHARED_HANDLERS] != task && task->owners[SHARED_MEMORY] == task)
		return bad_member(&images->member, "shares signal handlers, but no memory");
	return 0;
}

static int read_process(struct image_reader *images, int32_t pid)
{
	struct restore *restore = images->restore;
	struct task *task = plan_find_task(images->restore, pid);
	ProtobufCMessage *message;
	int r;

	if (!task)
		return bad_member(&images->member, "is of no process in the manifest");
	if (task->image)
		return bad_member(&images->member, "is there twice");
	r = read_message(restore, &images->member, &cr__process__descriptor, LAYOUT_TASK_SIZE_MAX, &message);
	if (r < 0)
		return r;
	task->image = (Cr__Process *)message;
	r = process_check(task->image);
	if (r < 0)
		return r;
	if (task->image->pid != pid)
		return bad_member(&images->member, "is of another process");
	if (task->image->zombie)
		return prepare_threads(task);
	r = find_owners(images, task);
	if (r < 0)
		return r;
	return prepare_threads(task);
}

static int read_memory(struct image_reader *images, int32_t pid)
{
	struct task *task = plan_find_task(images->restore, pid);
	ProtobufCMessage *message;
	int r;

	if (!task)
		return bad_member(&images->member, "is of no process in the manifest");
	if (task->memory)
		return bad_member(&images->member, "is there twice");
	if (!task->image || !task_owns(task, SHARED_MEMORY))
		return bad_member(&images->member, "is of no process before it that has its own");
	r = read_message(images->restore, &images->member, &cr__memory__descriptor, LAYOUT_MEMORY_SIZE_MAX,
			 &message);
	if (r < 0)
		return r;
	task->memory = (Cr__Memory *)message;
	return memory_check(task->memory);
}

static int read_descriptors(struct image_reader *images, int32_t id)
{
	struct task *task = plan_find_task(images->restore, id);
	ProtobufCMessage *message;
	int r;

	if (!task || !task->image || !task_owns(task, SHARED_FILES))
		return bad_member(&images->member, "is of no process before it that has its own");
	if (task->descriptors)
		return bad_member(&images->member, "is there twice");
	r = read_message(images->restore, &images->member, &cr__descriptor_table__descriptor,
			 LAYOUT_FD_TABLE_SIZE_MAX, &message);
	if (r < 0)
		return r;
	task->descriptors = (Cr__DescriptorTable *)message;
	if (task->descriptors->id != id)
		return bad_member(&images->member, "is another descriptor table");
	return 0;
}

static int read_ghost(struct image_reader *images, int32_t id)
{
	ProtobufCMessage *message;
	int r = read_message(images->restore, &images->member, &cr__ghost__descriptor, LAYOUT_GHOST_SIZE_MAX,
			     &message);

	return r < 0 ? r : ghosts_read(images->restore, id, (Cr__Ghost *)message);
}

static int read_ipc(struct image_reader *images)
{
	ProtobufCMessage *message;
	int r;

	if (images->restore->ipc)
		return bad_member(&images->member, "is there twice");
	r = read_message(images->restore, &images->member, &cr__ipc__descriptor, LAYOUT_IPC_SIZE_MAX,
			 &message);
	return r < 0 ? r : ipc_read(images->restore, (Cr__Ipc *)message);
}

static int read_open_files(struct image_reader *images, size_t kind)
{
	struct restore *restore = images->restore;
	ProtobufCMessage *message;
	int r;

	if (images->has_fd_kind[kind])
		return bad_member(&images->member, "is there twice");
	images->has_fd_kind[kind] = true;
	r = read_message(restore, &images->member, &cr__open_file_list__descriptor, LAYOUT_FD_SIZE_MAX,
			 &message);
	if (r < 0)
		return r;
	return objects_read(restore, fd_kind_names[kind], (Cr__OpenFileList *)message);
}

/* Whether NAME is what FORMAT makes of an id, and of none written in another way: "task/7.pb", but not
 * "task/007.pb". */
static bool name_matches(const char *name, const char *format, int32_t *ret_id)
{
	const char *number = name + strcspn(format, "%");
	struct cursor cursor = CURSOR(number, strnlen(number, 16));
	char expected[LAYOUT_NAME_SIZE];
	int32_t id;

	if (strlen(name) < strcspn(format, "%") || cursor_i32(&cursor, &id) < 0)
		return false;
	if (snprintf(expected, sizeof(expected), format, id) >= (int)sizeof(expected) ||
	    strcmp(name, expected) != 0)
		return false;
	*ret_id = id;
	return true;
}

static const struct image_kind {
	const char *name_format;
	int (*read)(struct image_reader *images, int32_t id);
} image_kinds[] = {
	{LAYOUT_TASK_FORMAT, read_process},
	{LAYOUT_MEMORY_FORMAT, read_memory},
	{LAYOUT_FD_TABLE_FORMAT, read_descriptors},
	{LAYOUT_GHOST_FORMAT, read_ghost},
};

static int read_image(struct image_reader *images)
{
	const char *name = images->member.name;
	char expected[LAYOUT_NAME_SIZE];
	int32_t id;

	for (size_t i = 0; i < ARRAY_SIZE(image_kinds); i++) {
		if (name_matches(name, image_kinds[i].name_format, &id)) {
			LOG_SCOPE("%s", name);
			return image_kinds[i].read(images, id);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(fd_kind_names); i++) {
		if (strcmp(name, layout_name(expected, LAYOUT_FD_FORMAT, fd_kind_names[i])) == 0) {
			LOG_SCOPE("%s", name);
			return read_open_files(images, i);
		}
	}
	if (strcmp(name, LAYOUT_IPC) == 0) {
		LOG_SCOPE("%s", name);
		return read_ipc(images);
	}
	return bad_member(&images->member, "is not known to this cr-restore");
}

/* Also gives the tasks that share what their owners have. */
static int check_all_read(struct restore *restore)
{
	for (size_t i = 0; i < restore->tasks_count; i++) {
		struct task *task = &restore->tasks[i];
		const char *missing = NULL;

		if (task->image && task->image->zombie)
			continue;
		if (task->image && !task_owns(task, SHARED_MEMORY))
			task->memory = task->owners[SHARED_MEMORY]->memory;
		if (task->image && !task_owns(task, SHARED_FILES))
			task->descriptors = task->owners[SHARED_FILES]->descriptors;
		missing = !task->image         ? "state"
			  : !task->memory      ? "memory"
			  : !task->descriptors ? "descriptors"
					       : NULL;
		if (missing) {
			log_error("the image of the %s of process %d is missing", missing,
				  restore->manifest->processes[i]->pid);
			return -EBADMSG;
		}
	}
	return 0;
}

static int check_size(const struct archive_member *member, uint64_t expected)
{
	if (member->size == expected)
		return 0;
	log_error("member '%s' has %" PRIu64 " bytes, but its image speaks of %" PRIu64, member->name,
		  member->size, expected);
	return -EBADMSG;
}

static int find_pages(struct restore *restore, const struct archive_member *member, int32_t pid,
		      struct task **ret_task)
{
	struct task *task = plan_find_task(restore, pid);

	if (!task || !task->memory || !task_owns(task, SHARED_MEMORY))
		return bad_member(member, "is of no process in the manifest");
	if (task->has_pages)
		return bad_member(member, "is there twice");
	*ret_task = task;
	return check_size(member, memory_page_bytes(task->memory));
}

static int find_object(struct restore *restore, const struct archive_member *member,
		       struct object **ret_object)
{
	struct object *object = objects_find_by_contents(restore, member->name);

	if (!object)
		return bad_member(member, "stands among the contents, but is of nothing that has any");
	if (object->has_contents)
		return bad_member(member, "is there twice");
	*ret_object = object;
	return check_size(member, object->contents_size);
}

static int find_contents(struct restore *restore, const struct archive_member *member,
			 struct contents *ret_contents)
{
	uint64_t size;
	int32_t pid;
	int r;

	*ret_contents = (struct contents){0};
	ret_contents->ghost = ghosts_find_by_contents(restore, member->name, &size);
	if (ret_contents->ghost)
		return check_size(member, size);
	/* Those of ghosts come first: they have to be complete before a process is made. */
	r = ghosts_check_contents(restore);
	if (r < 0)
		return r;
	if (name_matches(member->name, LAYOUT_PAGES_FORMAT, &pid))
		return find_pages(restore, member, pid, &ret_contents->task);
	return find_object(restore, member, &ret_contents->object);
}

enum contents_kind restore_contents_kind(const struct archive_member *member)
{
	int32_t id;

	if (name_matches(member->name, LAYOUT_PAGES_FORMAT, &id))
		return CONTENTS_MEMORY;
	return name_matches(member->name, LAYOUT_GHOST_CONTENTS_FORMAT, &id) ? CONTENTS_GHOST
									     : CONTENTS_OPEN_FILE;
}

int restore_find_contents(struct restore *restore, const struct archive_member *member,
			  struct contents *ret_contents)
{
	int r;

	LOG_SCOPE("%s", restore_input_name(restore));
	r = find_contents(restore, member, ret_contents);
	if (r < 0)
		return r;
	if (ret_contents->ghost && !ghost_meet_contents(ret_contents->ghost))
		return bad_member(member, "is there twice");
	if (ret_contents->task)
		ret_contents->task->has_pages = true;
	else if (ret_contents->object)
		ret_contents->object->has_contents = true;
	return 0;
}

/* No image any more: its name does not end so. */
static bool is_contents(const char *name)
{
	size_t length = strlen(name);

	return length < 3 || strcmp(name + length - 3, ".pb") != 0;
}

int restore_read_images(struct restore *restore, struct archive_member *ret_first_contents)
{
	size_t count;

	return restore_count_images(restore, ret_first_contents, &count);
}

int restore_count_images(struct restore *restore, struct archive_member *ret_first_contents,
			 size_t *ret_count)
{
	struct image_reader images = {.restore = restore};
	size_t count = 1; /* the manifest */
	struct contents contents;
	int r;

	LOG_SCOPE("%s", restore_input_name(restore));
	r = prepare_tasks(&images);
	if (r < 0)
		return r;
	while ((r = archive_reader_next(restore->reader, &images.member)) > 0) {
		if (is_contents(images.member.name))
			break;
		r = read_image(&images);
		if (r < 0)
			return r;
		count++;
	}
	if (r < 0)
		return r;
	if (r == 0)
		images.member = (struct archive_member){0};
	r = check_all_read(restore);
	/* The first contents are looked at now, while nothing has been created. */
	if (r == 0)
		r = images.member.name ? find_contents(restore, &images.member, &contents)
				       : restore_check_contents(restore);
	if (r < 0)
		return r;
	*ret_first_contents = images.member;
	*ret_count = count;
	return 0;
}

int restore_check_contents(struct restore *restore)
{
	int r;

	for (size_t i = 0; i < restore->tasks_count; i++) {
		const struct task *task = &restore->tasks[i];

		if (task->memory && task_owns(task, SHARED_MEMORY) && !task->has_pages &&
		    memory_page_bytes(task->memory) > 0) {
			log_error("the pages of process %d are missing", task->image->pid);
			return -EBADMSG;
		}
	}
	r = ghosts_check_contents(restore);
	return r < 0 ? r : objects_check_contents(restore);
}

/* Reads the open member to its end, in which damage would show. */
static int skim_member(struct restore *restore, struct progress *progress, uint64_t *done)
{
	const void *data;
	size_t size;
	int r;

	while ((r = archive_reader_data(restore->reader, &data, &size)) == 0 && size > 0) {
		*done += size;
		progress_update(progress, *done);
	}
	return r;
}

int restore_skim_contents(struct restore *restore, const struct archive_member *first, size_t *ret_count)
{
	struct archive_member member = *first;
	struct progress progress;
	uint64_t done = 0;
	size_t count = 0;
	int r = member.name ? 1 : 0;

	progress_init(&progress, restore->options->progress, "reading memory",
		      restore->manifest->stored_bytes);
	while (r > 0) {
		struct contents contents;

		count++;
		r = restore_find_contents(restore, &member, &contents);
		if (r == 0)
			r = skim_member(restore, &progress, &done);
		if (r == 0)
			r = archive_reader_next(restore->reader, &member);
	}
	progress_finish(&progress, done);
	*ret_count = count;
	return r < 0 ? r : restore_check_contents(restore);
}
