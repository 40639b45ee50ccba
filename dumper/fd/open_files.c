/* SPDX-License-Identifier: MIT */
/* Drives the kinds of open files at dump. */
#include "dumper/fd/open_files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/proc/proc_dir.h"
#include "common/vector.h"
#include "dumper/fd/fd_dumper.h"
#include "dumper/fd/external.h"
#include "dumper/fd/fd_numbers.h"
#include "dumper/fd/file_locks.h"
#include "dumper/fd/file_owner.h"
#include "dumper/fd/outside.h"
#include "dumper/holders.h"
#include "format/fd/open_file.h"
#include "format/layout.h"
#include "format/message.h"

#define FD_KIND(name, type, prefix) extern const struct fd_dumper name##_fd_dumper;
#include "format/kinds.def"
#undef FD_KIND

#define FD_KIND(name, type, prefix) &name##_fd_dumper,
static const struct fd_dumper *const kinds[] = {
#include "format/kinds.def"
};
#undef FD_KIND

/* Spreads numbers that follow one another, so that the tree below needs no balancing. */
static uint64_t scramble(uint64_t device, uint64_t inode)
{
	uint64_t key = (device * 0x9e3779b97f4a7c15) ^ inode;

	key = (key ^ key >> 32) * 0xd1b54a32d192ed03;
	key = (key ^ key >> 29) * 0x9e3779b97f4a7c15;
	return key ^ key >> 32;
}

static int compare_numbers(uint64_t left, uint64_t right)
{
	return left < right ? -1 : left > right;
}

/*
 * 0 if they are one, 1 if KNOWN comes after the key in the order of kcmp(2), 2 if before. For a target that
 * call takes as long as the epoll instance has targets, so it is not made for sockets.
 */
static int compare_descriptions(const struct open_file *known, const struct open_file_key *key)
{
	static const int reversed[] = {0, 2, 1};
	long r;

	if (known->is_socket && known->device == key->device && known->inode == key->inode)
		return 0;
	if (!key->target) {
		r = syscall(SYS_kcmp, key->pid, known->pid, KCMP_FILE, key->fd, known->fd);
		return r < 0 ? -errno : r > 2 ? -EIO : (int)r;
	}
	r = syscall(SYS_kcmp, known->pid, key->pid, KCMP_EPOLL_TFD, known->fd, key->target);
	return r < 0 ? -errno : r > 2 ? -EIO : reversed[r];
}

int open_file_is(const struct open_file *known, const struct open_file_key *key)
{
	int r = compare_descriptions(known, key);

	return r < 0 ? r : r == 0;
}

/*
 * -1, 0 or 1 in *ret_order. Descriptions of the same file are ordered by kcmp(2), whose order is that of
 * scrambled kernel addresses; others by their file.
 */
static int compare(const struct open_file *known, const struct open_file_key *key, int *ret_order)
{
	static const int orders[] = {0, -1, 1};
	int r, order = compare_numbers(scramble(key->device, key->inode),
				       scramble(known->device, known->inode));

	if (order == 0)
		order = compare_numbers(key->inode, known->inode);
	if (order == 0)
		order = compare_numbers(key->device, known->device);
	if (order != 0) {
		*ret_order = order;
		return 0;
	}
	r = compare_descriptions(known, key);
	if (r < 0)
		return r;
	*ret_order = orders[r];
	return 0;
}

/*
 * All descriptions form one binary tree, of which the first is the root. Keys come scrambled, so its depth
 * grows with the logarithm. Returns the id of a known one, or 0 and where the id of a new one belongs:
 * *ret_parent (0: it is the root), and which side.
 */
static int find(const struct dump *dump, const struct open_file_key *key, uint32_t *ret_id,
		uint32_t *ret_parent, bool *ret_is_before)
{
	uint32_t id = dump->open_files_count > 0 ? 1 : 0, parent = 0;
	int order = 0;

	while (id != 0) {
		const struct open_file *known = dump->open_files[id - 1];
		int r = compare(known, key, &order);

		if (r < 0)
			return r;
		if (order == 0)
			break;
		parent = id;
		id = order < 0 ? known->before : known->after;
	}
	*ret_id = id;
	*ret_parent = parent;
	*ret_is_before = order < 0;
	return 0;
}

int open_files_find(const struct dump *dump, const struct open_file_key *key, uint32_t *ret_id)
{
	uint32_t parent;
	bool is_before;

	return find(dump, key, ret_id, &parent, &is_before);
}

/* NULL after noting why in the blockers. */
static const struct fd_dumper *choose_kind(struct dump *dump, const struct fd_info *info)
{
	const struct fd_dumper *chosen = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!kinds[i]->matches(info))
			continue;
		if (chosen) {
			blockers_add(&dump->blockers, "is taken for a %s and for a %s, which is a bug",
				     chosen->name, kinds[i]->name);
			return NULL;
		}
		chosen = kinds[i];
	}
	if (!chosen)
		blockers_add(&dump->blockers, "%s cannot be preserved yet%s",
			     fd_info_describe(info, &dump->arena), fd_info_advice(info));
	return chosen;
}

/* Everything about a description that was not met before, but its place in the tree. */
static int collect_new(struct dump *dump, const struct process *process, const struct fd_info *info,
		       struct open_file *file)
{
	int r;

	/* What the user has named is not looked at any closer. */
	file->kind = external_is_wanted(dump, info) ? &external_fd_dumper : choose_kind(dump, info);
	if (!file->kind)
		return 0;
	if (info->flags & ~(uint32_t)OPEN_FILE_FLAGS)
		blockers_add(&dump->blockers, "has flags that this version does not know (0%o)",
			     info->flags & ~(uint32_t)OPEN_FILE_FLAGS);
	r = file_owner_collect(dump, info, &file->image);
	if (r == 0 && file->kind->inside_only_name)
		r = outside_want(dump, file->kind);
	if (r < 0)
		return r;
	return file->kind->collect(dump, process, info, file);
}

/* A new entry of the tree, below PARENT. Kinds may add others while one is collected, so it is complete
 * before. */
static struct open_file *add(struct dump *dump, const struct fd_info *info, uint32_t parent, bool is_before)
{
	struct open_file *file = arena_new(&dump->arena, struct open_file);
	struct open_file **slot = file ? vector_append(dump, open_files) : NULL;
	uint32_t id = (uint32_t)dump->open_files_count;

	if (!slot)
		return NULL;
	*slot = file;
	*file = (struct open_file){
		.fd = info->fd,
		.device = info->stat.st_dev,
		.inode = info->stat.st_ino,
		.is_socket = S_ISSOCK(info->stat.st_mode) && !(info->flags & O_PATH),
		.own_fd = -EBADF,
		.description = "",
	};
	cr__open_file__init(&file->image);
	file->image.id = id;
	file->image.flags = info->flags;
	file->image.position = info->fdinfo.position;
	if (parent != 0 && is_before)
		dump->open_files[parent - 1]->before = id;
	else if (parent != 0)
		dump->open_files[parent - 1]->after = id;
	return file;
}

/* PROCESS has it as its descriptor FD. */
static int set_process(struct dump *dump, struct open_file *file, const struct process *process, int fd)
{
	file->process = file->receiver = process;
	file->pid = process->threads[0].tracee.tid;
	file->fd = fd;
	file->place = arena_format(&dump->arena, "fd %d", fd);
	return file->place ? 0 : log_error_errno(-ENOMEM, "cannot note the open file");
}

/*
 * The id of the description behind a descriptor of process PID; *ret_is_new: PID's number stays the one by
 * which it is known.
 */
static int identify(struct dump *dump, const struct process *process, pid_t pid, const struct fd_info *info,
		    uint32_t *ret_id, bool *ret_is_new)
{
	const struct open_file_key key = {pid, info->fd, info->stat.st_dev, info->stat.st_ino, NULL};
	struct open_file *file;
	uint32_t id = 0, parent = 0;
	bool is_before = false;
	int r;

	r = find(dump, &key, &id, &parent, &is_before);
	if (r < 0)
		return log_error_errno(r, "cannot compare it with other open files (kcmp)");
	*ret_id = id;
	*ret_is_new = id == 0;
	/* Each process may have POSIX locks of its own on one description. */
	if (id != 0)
		return file_locks_collect(dump, process, info, dump->open_files[id - 1]);
	file = add(dump, info, parent, is_before);
	if (!file)
		return log_error_errno(-ENOMEM, "cannot note the open file");
	file->receiver = process;
	file->place = "a descriptor in a queue";
	if (pid == process->threads[0].tracee.tid)
		r = set_process(dump, file, process, info->fd);
	else
		file->pid = pid;
	if (r < 0)
		return r;
	*ret_id = file->image.id;
	r = file_locks_collect(dump, process, info, file);
	return r < 0 ? r : collect_new(dump, process, info, file);
}

int open_files_add_own(struct dump *dump, const struct process *process, int *our_fd, uint32_t *ret_id)
{
	cleanup_(fd_info_done) struct fd_info info = {.our_fd = -EBADF};
	cleanup_(pidref_done) struct pidref self = PIDREF_NULL;
	cleanup_close int proc_fd = -EBADF;
	bool is_new = false;
	int r;

	LOG_SCOPE("a descriptor in its queue");
	r = pidref_open(getpid(), &self);
	if (r == 0)
		r = proc_open(getpid(), &proc_fd);
	if (r == 0)
		r = fd_info_read(&info, &self, proc_fd, *our_fd, NULL);
	if (r < 0)
		return log_error_errno(r, "cannot look at it");
	r = identify(dump, process, self.pid, &info, ret_id, &is_new);
	if (r == 0 && is_new)
		dump->open_files[*ret_id - 1]->own_fd = take_fd(our_fd);
	return r;
}

/* Returns 1 if there is none of that number, where it MAY_BE_NONE. */
static int collect_descriptor(struct dump *dump, struct process *process, int fd, bool may_be_none,
			      Cr__Descriptor *descriptor, Cr__OpenFileSummary *summary)
{
	cleanup_(fd_info_done) struct fd_info info = {.our_fd = -EBADF};
	struct open_file *file;
	uint32_t id = 0;
	bool is_new;
	int r;

	LOG_SCOPE("fd %d", fd);
	r = fd_info_read(&info, &process->pidref, process->proc_fd, fd, dump->own_files);
	if (r == -EBADF && may_be_none)
		return 1;
	if (r < 0)
		return log_error_errno(r, "cannot look at it");
	r = identify(dump, process, process->threads[0].tracee.tid, &info, &id, &is_new);
	if (r < 0)
		return r;
	file = dump->open_files[id - 1];
	/* What was met in a queue is somewhere else as well. */
	if (!file->process) {
		r = set_process(dump, file, process, fd);
		if (r < 0)
			return r;
	}
	cr__descriptor__init(descriptor);
	descriptor->fd = fd;
	descriptor->open_file_id = id;
	cr__open_file_summary__init(summary);
	summary->fd = fd;
	summary->kind = (char *)(file->kind ? file->kind->name : "");
	summary->description = (char *)file->description;
	return 0;
}

/* Its table, without descriptors, and its part of the manifest, with room for COUNT. */
static int make_table(struct dump *dump, struct process *process, size_t count)
{
	Cr__DescriptorTable *table = arena_new(&dump->arena, Cr__DescriptorTable);

	if (!table)
		return -ENOMEM;
	cr__descriptor_table__init(table);
	table->id = process->pidref.pid;
	table->descriptors = arena_array(&dump->arena, Cr__Descriptor *, count);
	process->summary->open_files = arena_array(&dump->arena, Cr__OpenFileSummary *, count);
	process->descriptors = table;
	return table->descriptors && process->summary->open_files ? 0 : -ENOMEM;
}

int open_files_collect(struct dump *dump, struct process *process)
{
	cleanup_(fd_numbers_done) struct fd_numbers fds = {0};
	Cr__OpenFileSummary *summaries;
	Cr__Descriptor *descriptors;
	Cr__DescriptorTable *table;
	int r;

	r = fd_numbers_read(process, &fds);
	if (r < 0)
		return log_error_errno(r, "cannot list its open files");
	r = dump->own_files ? 0 : own_files_new(&dump->own_files);
	if (r < 0)
		return log_error_errno(r, "cannot look at its open files");
	descriptors = arena_array(&dump->arena, Cr__Descriptor, fds.open_count);
	summaries = arena_array(&dump->arena, Cr__OpenFileSummary, fds.open_count);
	if (!descriptors || !summaries || make_table(dump, process, fds.open_count) < 0)
		return log_error_errno(-ENOMEM, "cannot note its open files");
	table = process->descriptors;
	for (size_t i = 0; i < fds.count && table->n_descriptors < fds.open_count; i++) {
		size_t slot = table->n_descriptors;

		r = collect_descriptor(dump, process, fds.numbers[i], fds.are_guessed, &descriptors[slot],
				       &summaries[slot]);
		if (r < 0)
			return r;
		if (r > 0)
			continue;
		table->descriptors[table->n_descriptors++] = &descriptors[slot];
		process->summary->open_files[process->summary->n_open_files++] = &summaries[slot];
	}
	r = fd_numbers_check(process, &fds, table->n_descriptors);
	return r < 0 ? log_error_errno(r, "cannot find all of its open files") : 0;
}

uint32_t open_files_get(const struct process *process, int fd)
{
	return process->descriptors ? descriptor_table_get(process->descriptors, fd) : 0;
}

static int pack_entry(struct open_file *file, struct arena *arena)
{
	size_t size = protobuf_c_message_get_packed_size(file->entry);

	file->image.entry.data = arena_alloc(arena, MAX(size, (size_t)1));
	if (!file->image.entry.data)
		return log_error_errno(-ENOMEM, "cannot write the image of fd %d of process %d", file->fd,
				       file->pid);
	file->image.entry.len = protobuf_c_message_pack(file->entry, file->image.entry.data);
	return 0;
}

static int write_kind(struct dump *dump, const struct fd_dumper *kind)
{
	cleanup_free Cr__OpenFile **files = calloc(MAX(dump->open_files_count, (size_t)1), sizeof(*files));
	Cr__OpenFileList list = CR__OPEN_FILE_LIST__INIT;
	char name[64];
	int r;

	if (!files)
		return log_error_errno(-ENOMEM, "cannot write the images of open files");
	for (size_t i = 0; i < dump->open_files_count; i++) {
		struct open_file *file = dump->open_files[i];

		if (file->kind != kind)
			continue;
		r = kind->dump ? kind->dump(dump, file) : 0;
		if (r < 0)
			return r;
		r = pack_entry(file, &dump->arena);
		if (r < 0)
			return r;
		files[list.n_files++] = &file->image;
	}
	if (list.n_files == 0)
		return 0;
	list.files = files;
	snprintf(name, sizeof(name), "fd/%s.pb", kind->name);
	return archive_writer_message(dump->writer, name, &list.base);
}

/* Of the open file alone, and of no process. */
static bool has_own_locks(const Cr__OpenFile *image)
{
	for (size_t i = 0; i < image->n_locks; i++)
		if (image->locks[i]->kind != CR__FILE_LOCK_KIND__FILE_LOCK_FLOCK &&
		    image->locks[i]->kind != CR__FILE_LOCK_KIND__FILE_LOCK_OFD)
			return false;
	return true;
}

/* What is nowhere but in a queue has no process that could set what takes one. */
static void check_homeless(struct dump *dump)
{
	for (size_t i = 0; i < dump->open_files_count; i++) {
		const struct open_file *file = dump->open_files[i];

		if (file->process ||
		    (!file->image.owner && has_own_locks(&file->image) && !(file->image.flags & O_ASYNC)))
			continue;
		LOG_SCOPE("pid %d (%s)", (int)file->receiver->pidref.pid, file->receiver->status.name);
		blockers_add(&dump->blockers,
			     "a descriptor in a queue of its sockets (%s %s) has %s, and nobody has it open: "
			     "let the "
			     "program receive it first",
			     file->kind ? file->kind->name : "file", file->description,
			     has_own_locks(&file->image) ? "an owner (F_SETOWN)" : "a lease");
	}
}

int open_files_check(struct dump *dump)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(kinds); i++)
		r = kinds[i]->want ? kinds[i]->want(dump) : 0;
	if (r == 0)
		r = holders_search(dump);
	check_homeless(dump);
	if (r == 0)
		r = file_locks_check(dump);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(kinds); i++) {
		r = kinds[i]->inside_only_name ? outside_check(dump, kinds[i]) : 0;
		if (r == 0 && kinds[i]->check)
			r = kinds[i]->check(dump);
	}
	return r;
}

int open_files_asked(struct dump *dump)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(kinds); i++)
		r = kinds[i]->asked ? kinds[i]->asked(dump) : 0;
	return r;
}

int open_files_write(struct dump *dump)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		int r = write_kind(dump, kinds[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

int open_file_take(const struct open_file *file, int *ret_fd)
{
	int fd;

	if (file->process)
		return pidref_getfd(&file->process->pidref, file->fd, ret_fd);
	fd = fcntl(file->fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

int open_file_look(const struct open_file *file, struct fd_info *ret)
{
	cleanup_(pidref_done) struct pidref self = PIDREF_NULL;
	cleanup_close int proc_fd = -EBADF;
	int r;

	if (file->process)
		return fd_info_read(ret, &file->process->pidref, file->process->proc_fd, file->fd, NULL);
	r = pidref_open(getpid(), &self);
	if (r == 0)
		r = proc_open(getpid(), &proc_fd);
	return r < 0 ? r : fd_info_read(ret, &self, proc_fd, file->fd, NULL);
}

static int write_contents(struct dump *dump, const struct open_file *file)
{
	cleanup_close int our_fd = -EBADF;
	char name[LAYOUT_NAME_SIZE];
	int r;

	LOG_SCOPE("pid %d", (int)file->pid);
	LOG_SCOPE("fd %d", file->fd);
	r = open_file_take(file, &our_fd);
	if (r < 0)
		return log_error_errno(r, "cannot read its contents");
	snprintf(name, sizeof(name), LAYOUT_FD_CONTENTS_FORMAT, file->kind->name, file->image.id);
	r = archive_writer_member_begin(dump->writer, name, file->contents_size);
	if (r == 0)
		r = file->kind->write_contents(dump, file, our_fd);
	return r < 0 ? r : archive_writer_member_end(dump->writer);
}

int open_files_write_contents(struct dump *dump)
{
	for (size_t i = 0; i < dump->open_files_count; i++) {
		const struct open_file *file = dump->open_files[i];
		int r = file->contents_size > 0 ? write_contents(dump, file) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

int open_files_before_end(struct dump *dump)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(kinds); i++)
		r = kinds[i]->before_end ? kinds[i]->before_end(dump) : 0;
	return r;
}

int open_files_after_end(struct dump *dump)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(kinds); i++)
		r = kinds[i]->after_end ? kinds[i]->after_end(dump) : 0;
	return r;
}

void open_files_release(struct dump *dump)
{
	for (size_t i = 0; i < dump->open_files_count; i++)
		close_fd(&dump->open_files[i]->own_fd);
}

void open_files_done(struct dump *dump)
{
	open_files_release(dump);
	own_files_free(dump->own_files);
	dump->own_files = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i]->done)
			kinds[i]->done(dump);
	free(dump->file_locks);
	dump->file_locks = NULL;
	dump->file_locks_count = dump->file_locks_capacity = 0;
	free(dump->open_files);
	dump->open_files = NULL;
	dump->open_files_count = dump->open_files_capacity = 0;
}
