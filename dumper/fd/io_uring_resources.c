/* SPDX-License-Identifier: MIT */
/*
 * What is registered with io_urings, and the threads that they belong to. The kernel knows both by addresses,
 * which are compared with those of the files and threads of the tree.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/id_map.h"
#include "common/log.h"
#include "common/pidref.h"
#include "dumper/fd/io_uring.h"

/* The open files of the tree by address, and eventfds by what they count in. */
struct known_files {
	struct id_map by_file, by_counter; /* address -> open file id */
	bool is_filled;
};

static void known_files_done(struct known_files *known)
{
	id_map_done(&known->by_file);
	id_map_done(&known->by_counter);
}

static int add_known(struct io_urings *rings, const struct open_file *file, struct known_files *known)
{
	bool is_eventfd = file->entry && file->kind && strcmp(file->kind->name, "eventfd") == 0;
	struct kernel_address address, private;
	cleanup_close int fd = -EBADF;
	int r = open_file_take(file, &fd);

	if (r == 0)
		r = kernel_rings_own_file(rings->kernel, fd, &address, &private);
	if (r == 0)
		r = id_map_set(&known->by_file, address.value, file->image.id);
	if (r == 0 && is_eventfd)
		r = id_map_set(&known->by_counter, private.value, file->image.id);
	return r;
}

static int fill_known(struct dump *dump, struct io_urings *rings, struct known_files *known)
{
	int r = 0;

	for (size_t i = 0; !known->is_filled && r == 0 && i < dump->open_files_count; i++)
		r = add_known(rings, dump->open_files[i], known);
	known->is_filled = true;
	return r < 0 ? log_error_errno(r, "cannot look at what is registered with its io_uring") : 0;
}

static int check_eventfd(struct dump *dump, struct io_urings *rings, struct ring_entry *entry,
			 struct known_files *known)
{
	uint64_t id = 0;
	int r;

	if (entry->kernel.eventfd.value == 0)
		return 0;
	r = fill_known(dump, rings, known);
	if (r == 0 && !id_map_get(&known->by_counter, entry->kernel.eventfd.value, &id))
		blockers_add(
			&dump->blockers,
			"its io_uring has an eventfd registered that the program has no descriptor of any "
			"more (IORING_REGISTER_EVENTFD), which cannot be preserved");
	entry->image->eventfd_id = (uint32_t)id;
	entry->image->is_eventfd_async = entry->kernel.is_eventfd_async;
	return r;
}

static int add_file(struct dump *dump, struct io_urings *rings, struct ring_entry *entry, uint32_t index,
		    const struct known_files *known)
{
	struct kernel_ring_file file;
	Cr__IoUringFile *image;
	uint64_t id = 0;
	int r = kernel_rings_read_file(rings->kernel, &entry->kernel, index, &file);

	if (r < 0 || file.file.value == 0)
		return r;
	if (!id_map_get(&known->by_file, file.file.value, &id)) {
		blockers_add(
			&dump->blockers,
			"its io_uring has a file registered, at index %" PRIu32
			", that the program has no descriptor of (IORING_REGISTER_FILES, or opened there), "
			"which cannot be preserved yet",
			index);
		return 0;
	}
	image = arena_new(&dump->arena, Cr__IoUringFile);
	if (!image)
		return -ENOMEM;
	cr__io_uring_file__init(image);
	image->index = index;
	image->open_file_id = (uint32_t)id;
	image->tag = file.tag;
	entry->image->files[entry->image->n_files++] = image;
	return 0;
}

static int check_files(struct dump *dump, struct io_urings *rings, struct ring_entry *entry,
		       struct known_files *known)
{
	uint32_t count = entry->kernel.files_count;
	int r;

	if (count == 0)
		return 0;
	r = fill_known(dump, rings, known);
	if (r < 0)
		return r;
	entry->image->files = arena_array(&dump->arena, Cr__IoUringFile *, count);
	for (uint32_t i = 0; entry->image->files && r == 0 && i < count; i++)
		r = add_file(dump, rings, entry, i, known);
	if (r < 0 || !entry->image->files)
		return log_error_errno(r < 0 ? r : -ENOMEM, "cannot note the files of its io_uring");
	entry->image->files_count = count;
	entry->image->file_range_start = entry->kernel.file_range_start;
	entry->image->file_range_end = entry->kernel.file_range_end;
	return 0;
}

static int add_registered(struct dump *dump, struct ring_entry *entry, pid_t tid, uint32_t index)
{
	Cr__IoUring *image = entry->image;
	Cr__IoUringRegistered **list =
		arena_array(&dump->arena, Cr__IoUringRegistered *, image->n_registered + 1);
	Cr__IoUringRegistered *registered = arena_new(&dump->arena, Cr__IoUringRegistered);

	if (!list || !registered)
		return -ENOMEM;
	cr__io_uring_registered__init(registered);
	registered->tid = tid;
	registered->index = index;
	for (size_t i = 0; i < image->n_registered; i++)
		list[i] = image->registered[i];
	list[image->n_registered++] = registered;
	image->registered = list;
	return 0;
}

static struct ring_entry *find_by_file(struct io_urings *rings, struct kernel_address file)
{
	for (size_t i = 0; i < rings->entries_count; i++)
		if (rings->entries[i]->kernel.file.value == file.value)
			return rings->entries[i];
	return NULL;
}

static int match_thread(struct dump *dump, struct io_urings *rings, pid_t tid,
			const struct kernel_ring_thread *thread)
{
	int r = 0;

	for (size_t i = 0; i < rings->entries_count; i++) {
		struct ring_entry *entry = rings->entries[i];

		if (entry->kernel.submitter.value == thread->task.value)
			entry->image->tid = tid;
	}
	for (uint32_t i = 0; r == 0 && i < ARRAY_SIZE(thread->registered); i++) {
		struct ring_entry *entry = find_by_file(rings, thread->registered[i]);

		if (thread->registered[i].value == 0)
			continue;
		if (entry)
			r = add_registered(dump, entry, tid, i);
		else
			blockers_add(
				&dump->blockers,
				"thread %d uses an io_uring that the program has no descriptor of any more "
				"(IORING_REGISTER_RING_FDS), which cannot be preserved",
				(int)tid);
	}
	return r;
}

static int match_process(struct dump *dump, struct io_urings *rings, const struct process *process)
{
	LOG_SCOPE("pid %d (%s)", (int)process->pidref.pid, process->status.name);
	for (size_t i = 0; i < process->threads_count; i++) {
		cleanup_(pidref_done) struct pidref pidref = PIDREF_NULL;
		pid_t tid = process->threads[i].tracee.tid;
		struct kernel_ring_thread thread;
		int r = pidref_open_thread(tid, &pidref);

		if (r == 0)
			r = kernel_rings_read_thread(rings->kernel, pidref.fd, &thread);
		if (r == 0)
			r = match_thread(dump, rings, tid, &thread);
		if (r < 0)
			return log_error_errno(r, "cannot look for the io_urings of thread %d", (int)tid);
	}
	return 0;
}

/* Those of IORING_SETUP_SINGLE_ISSUER, once they are enabled: until their thread has been met. */
static void forget_threads(struct io_urings *rings)
{
	for (size_t i = 0; i < rings->entries_count; i++)
		if (rings->entries[i]->kernel.submitter.value != 0)
			rings->entries[i]->image->tid = 0;
}

static void check_submitter(struct dump *dump, const struct ring_entry *entry)
{
	if (entry->image->tid == 0)
		blockers_add(&dump->blockers, "the only thread that may use its io_uring "
					      "(IORING_SETUP_SINGLE_ISSUER) has ended, or "
					      "is not part of the dump: it cannot be made again without it");
}

int io_uring_resources_check(struct dump *dump, struct io_urings *rings)
{
	cleanup_(known_files_done) struct known_files known = {0};
	int r = 0;

	forget_threads(rings);
	for (size_t i = 0; r == 0 && i < dump->processes_count; i++)
		if (!dump->processes[i].is_zombie)
			r = match_process(dump, rings, &dump->processes[i]);
	for (size_t i = 0; r == 0 && i < rings->entries_count; i++) {
		struct ring_entry *entry = rings->entries[i];

		OPEN_FILE_LOG_SCOPE(entry->file);
		if (entry->is_refused)
			continue;
		check_submitter(dump, entry);
		r = check_eventfd(dump, rings, entry, &known);
		if (r == 0)
			r = check_files(dump, rings, entry, &known);
		if (r == 0)
			r = io_uring_buffers_check(dump, rings, entry);
	}
	return r;
}
