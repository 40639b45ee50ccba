/* SPDX-License-Identifier: MIT */
/* epoll instances, epoll(7), at dump: what they watch, and which open files that is. */
#include <errno.h>
#include <linux/kcmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/sysmacros.h>

#include "common/cleanup.h"
#include "common/id_map.h"
#include "common/log.h"
#include "common/proc/cursor.h"
#include "common/uapi_epoll.h"
#include "dumper/fd/fd_dumper.h"
#include "dumper/fd/open_files.h"
#include "dumper/holders.h"
#include "format/fd/epoll.h"

/* What fdinfo tells of a target beside what is in the entry. */
struct target {
	uint64_t device, inode;
};

/* An instance, until its targets are looked for; in the arena. */
struct instance {
	struct open_file *file;
	Cr__Epoll *entry;
	struct target *targets;
	struct instance *next;
};

static bool epoll_matches(const struct fd_info *info)
{
	return fd_info_is_anonymous(info, "[eventpoll]");
}

static size_t count_targets(const struct fdinfo *fdinfo)
{
	size_t count = 0;

	for (size_t i = 0; i < fdinfo->entries_count; i++)
		count += strcmp(fdinfo->entries[i].key, "tfd") == 0;
	return count;
}

/* "5 events: 40000019 data:  123456789abcdef  pos:0 ino:40f sdev:10" */
static int parse_target(const char *text, Cr__Epoll *entry, struct target *ret_target)
{
	struct cursor cursor = CURSOR(text, strlen(text));
	size_t at = entry->n_numbers;
	uint64_t device;
	int64_t position;

	if (cursor_u32(&cursor, 10, &entry->numbers[at]) < 0)
		return -EBADMSG;
	cursor_skip_blanks(&cursor);
	if (!cursor_skip(&cursor, "events:") || cursor_u32(&cursor, 16, &entry->events[at]) < 0)
		return -EBADMSG;
	cursor_skip_blanks(&cursor);
	if (!cursor_skip(&cursor, "data:") || cursor_u64(&cursor, 16, &entry->data[at]) < 0)
		return -EBADMSG;
	cursor_skip_blanks(&cursor);
	if (!cursor_skip(&cursor, "pos:") || cursor_i64(&cursor, &position) < 0)
		return -EBADMSG;
	cursor_skip_blanks(&cursor);
	if (!cursor_skip(&cursor, "ino:") || cursor_u64(&cursor, 16, &ret_target->inode) < 0)
		return -EBADMSG;
	cursor_skip_blanks(&cursor);
	if (!cursor_skip(&cursor, "sdev:") || cursor_u64(&cursor, 16, &device) < 0)
		return -EBADMSG;
	ret_target->device = makedev(FDINFO_DEVICE_MAJOR(device), FDINFO_DEVICE_MINOR(device));
	return 0;
}

static int parse(const struct fdinfo *fdinfo, struct instance *instance)
{
	Cr__Epoll *entry = instance->entry;

	for (size_t i = 0; i < fdinfo->entries_count; i++) {
		const struct fdinfo_entry *line = &fdinfo->entries[i];
		int r;

		if (strcmp(line->key, "tfd") != 0)
			continue;
		r = parse_target(line->value, entry, &instance->targets[entry->n_numbers]);
		if (r < 0)
			return r;
		entry->n_numbers++;
	}
	entry->n_events = entry->n_data = entry->n_open_file_ids = entry->n_numbers;
	return 0;
}

static struct instance *instance_new(struct dump *dump, struct open_file *file, size_t count)
{
	struct instance *instance = arena_new(&dump->arena, struct instance);
	Cr__Epoll *entry = arena_new(&dump->arena, Cr__Epoll);

	if (!instance || !entry)
		return NULL;
	cr__epoll__init(entry);
	instance->file = file;
	instance->entry = entry;
	instance->targets = arena_array(&dump->arena, struct target, count);
	entry->numbers = arena_array(&dump->arena, uint32_t, count);
	entry->events = arena_array(&dump->arena, uint32_t, count);
	entry->data = arena_array(&dump->arena, uint64_t, count);
	entry->open_file_ids = arena_array(&dump->arena, uint32_t, count);
	return instance->targets && entry->numbers && entry->events && entry->data && entry->open_file_ids
		       ? instance
		       : NULL;
}

/* A kernel that does not know them has none set. */
static void collect_parameters(const struct fd_info *info, Cr__Epoll *entry)
{
	struct uapi_epoll_params params = {0};

	if (ioctl(info->our_fd, UAPI_EPOLL_GET_PARAMS, &params) < 0)
		return;
	entry->busy_poll_us = params.busy_poll_us;
	entry->busy_poll_budget = params.busy_poll_budget;
	entry->prefers_busy_poll = params.prefers_busy_poll;
}

static int epoll_collect(struct dump *dump, const struct process *process maybe_unused,
			 const struct fd_info *info, struct open_file *file)
{
	struct instance *instance = instance_new(dump, file, count_targets(&info->fdinfo));
	int r;

	if (!instance)
		return log_error_errno(-ENOMEM, "cannot note what it watches");
	r = parse(&info->fdinfo, instance);
	if (r < 0)
		return log_error_errno(r, "cannot read what it watches");
	collect_parameters(info, instance->entry);
	instance->next = dump->fd_kind_states[FD_KIND_epoll];
	dump->fd_kind_states[FD_KIND_epoll] = instance;
	file->entry = &instance->entry->base;
	file->description = arena_format(&dump->arena, "watches %zu", instance->entry->n_numbers);
	return file->description ? 0 : log_error_errno(-ENOMEM, "cannot note what it watches");
}

/* Mostly the number still leads to the target. */
static uint32_t guess(const struct dump *dump, const struct instance *instance,
		      const struct open_file_key *key)
{
	const struct process *process = instance->file->process;
	uint32_t id = process ? open_files_get(process, (int)key->target->tfd) : 0;

	return id != 0 && open_file_is(dump->open_files[id - 1], key) == 1 ? id : 0;
}

/* The id of a target's description; 0: no process of the tree has it. */
static int find_target(const struct dump *dump, const struct instance *instance,
		       const struct open_file_key *key, uint32_t *ret_id)
{
	uint32_t id = guess(dump, instance, key);
	int r = id == 0 ? open_files_find(dump, key, &id) : 0;

	if (r < 0)
		return log_error_errno(r, "cannot tell what it watches as number %u (kcmp)",
				       key->target->tfd);
	/* Some file systems tell other devices and inodes by stat(2) than they have. */
	for (size_t i = 0; id == 0 && i < dump->open_files_count; i++)
		if (open_file_is(dump->open_files[i], key) == 1)
			id = (uint32_t)(i + 1);
	*ret_id = id;
	return 0;
}

/* Who outside has it, for a message: by its inode, if it is a pipe, socket or file, or else by the type that
 * it may be. */
static int find_holder(struct dump *dump, const struct open_file_key *key, const char **ret_text)
{
	static const char *const names[] = {"[eventfd]",   "[timerfd]",     "[signalfd]",
					    "[eventpoll]", "inotify",       "[fanotify]",
					    "[pidfd]",     "[userfaultfd]", "[perf_event]"};
	struct fd_object objects[3 + ARRAY_SIZE(names)] = {
		{.type = FD_OBJECT_PIPE, .inode = key->inode},
		{.type = FD_OBJECT_SOCKET, .inode = key->inode},
		{.type = FD_OBJECT_FILE, .device = key->device, .inode = key->inode},
	};
	const struct fd_holder *holders;
	size_t count = 0;
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		objects[3 + i] = fd_object_anonymous(names[i]);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(objects); i++)
		r = holders_want(dump, &objects[i]);
	*ret_text = NULL;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(objects) && !*ret_text; i++) {
		r = holders_find(dump, &objects[i], &holders, &count);
		for (size_t j = 0; r == 0 && j < count && !*ret_text; j++) {
			struct open_file holder = {.pid = holders[j].pid, .fd = holders[j].fd};

			if (open_file_is(&holder, key) == 1)
				*ret_text = holders_describe(dump, &holders[j], 1);
		}
	}
	return r;
}

static int refuse_outside(struct dump *dump, const struct open_file_key *key)
{
	const char *text;
	int r = find_holder(dump, key, &text);

	if (r < 0)
		return r;
	blockers_add(&dump->blockers,
		     "watches, as number %u, a file (inode %ju) that only %s has open, outside of what is "
		     "dumped%s: let "
		     "the program stop watching it, or end that process",
		     key->target->tfd, (uintmax_t)key->inode, text ? text : "something",
		     holders_caveat(dump));
	return 0;
}

/* What tells of whoever adds it has to be added by a process that has both, under that number. */
static bool can_be_added(const struct dump *dump, const struct instance *instance, uint32_t number,
			 uint32_t id)
{
	if (!dump->open_files[id - 1]->kind || !dump->open_files[id - 1]->kind->is_polled_as_self)
		return true;
	for (size_t i = 0; i < dump->processes_count; i++) {
		const Cr__DescriptorTable *table = dump->processes[i].descriptors;

		if (open_files_get(&dump->processes[i], (int)number) != id)
			continue;
		for (size_t j = 0; j < table->n_descriptors; j++)
			if (table->descriptors[j]->open_file_id == instance->file->image.id)
				return true;
	}
	return false;
}

static int resolve_target(struct dump *dump, struct instance *instance, size_t index, uint32_t offset)
{
	const struct open_file *file = instance->file;
	const struct target *target = &instance->targets[index];
	const struct kcmp_epoll_slot slot = {
		.efd = (uint32_t)file->fd,
		.tfd = instance->entry->numbers[index],
		.toff = offset,
	};
	const struct open_file_key key = {file->pid, file->fd, target->device, target->inode, &slot};
	uint32_t id = 0;
	int r = find_target(dump, instance, &key, &id);

	if (r < 0)
		return r;
	if (id == 0)
		return refuse_outside(dump, &key);
	if (!can_be_added(dump, instance, slot.tfd, id))
		blockers_add(
			&dump->blockers,
			"watches, as number %u, a %s that is no longer open under this number: which "
			"process' "
			"signals it tells of is not known; let the program remove it from the epoll instance",
			slot.tfd, dump->open_files[id - 1]->kind->name);
	instance->entry->open_file_ids[index] = id;
	return 0;
}

/* Several targets may have one number; kcmp(2) counts them in the order of fdinfo. */
static int resolve(struct dump *dump, struct instance *instance)
{
	cleanup_(id_map_done) struct id_map counts = {0};
	const Cr__Epoll *entry = instance->entry;
	int r = 0;

	for (size_t i = 0; r == 0 && i < entry->n_numbers; i++) {
		uint64_t offset = 0;

		(void)id_map_get(&counts, entry->numbers[i], &offset);
		r = id_map_set(&counts, entry->numbers[i], offset + 1);
		if (r < 0)
			return log_error_errno(r, "cannot note what it watches");
		r = resolve_target(dump, instance, i, (uint32_t)offset);
	}
	return r;
}

static int epoll_check_all(struct dump *dump)
{
	struct instance *instance = dump->fd_kind_states[FD_KIND_epoll];
	int r = 0;

	for (; r == 0 && instance; instance = instance->next) {
		OPEN_FILE_LOG_SCOPE(instance->file);
		r = resolve(dump, instance);
	}
	return r;
}

const struct fd_dumper epoll_fd_dumper = {
	.name = "epoll",
	.inside_only_name = "[eventpoll]",
	.matches = epoll_matches,
	.collect = epoll_collect,
	.check = epoll_check_all,
};
