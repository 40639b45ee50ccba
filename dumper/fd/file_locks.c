/* SPDX-License-Identifier: MIT */
/* File locks and leases of the open files that are dumped. */
#include "dumper/fd/file_locks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "common/printable.h"
#include "common/proc/locks.h"
#include "common/vector.h"

#define NEEDS_OPTION "give --file-locks (-l) on both commands to keep it"

/* One that is dumped, for the check. */
struct known_lock {
	struct file_lock lock;
	const char *path;
	pid_t pid; /* of the process that was met with it */
	int fd;
};

static int kind_of(const struct file_lock *lock)
{
	switch (lock->kind) {
	case FILE_LOCK_FLOCK:
		return CR__FILE_LOCK_KIND__FILE_LOCK_FLOCK;
	case FILE_LOCK_POSIX:
		return CR__FILE_LOCK_KIND__FILE_LOCK_POSIX;
	case FILE_LOCK_OFD:
		return CR__FILE_LOCK_KIND__FILE_LOCK_OFD;
	case FILE_LOCK_LEASE:
		return CR__FILE_LOCK_KIND__FILE_LOCK_LEASE;
	default:
		return -1;
	}
}

static bool is_known(const Cr__OpenFile *image, const Cr__FileLock *lock)
{
	for (size_t i = 0; i < image->n_locks; i++) {
		const Cr__FileLock *other = image->locks[i];

		if (other->kind == lock->kind && other->pid == lock->pid && other->start == lock->start &&
		    other->end == lock->end)
			return true;
	}
	return false;
}

/* False after adding a blocker. */
static bool can_be_kept(struct dump *dump, const struct file_lock *lock, const char *name)
{
	char text[FILE_LOCK_TEXT_SIZE];

	file_lock_describe(lock, text);
	if (kind_of(lock) < 0)
		blockers_add(&dump->blockers, "its file '%s' has a %s, which cannot be preserved", name,
			     text);
	else if (!dump->options->has_file_locks)
		blockers_add(&dump->blockers, "its file '%s' has a %s: " NEEDS_OPTION, name, text);
	else
		return true;
	return false;
}

/*
 * Of a lease that is being broken the kernel tells what may be left of it, and not what it is. Who has the
 * file open for writing cannot have a read lease; else, reading it conflicts with a write lease only, and a
 * lease that is being given up altogether is not told so again.
 */
static int find_broken(const struct fd_info *info, const struct file_lock *lock, Cr__FileLock *image)
{
	cleanup_close int fd = -EBADF;
	char link[32];

	image->is_breaking = true;
	image->may_stay_read = lock->is_read;
	if (!lock->is_read && (info->flags & O_ACCMODE) == O_RDONLY) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", info->our_fd);
		fd = open(link, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (fd < 0 && errno != EWOULDBLOCK)
			return log_error_errno(-errno, "cannot find out which lease it has");
	}
	image->is_write = fd < 0;
	return 0;
}

static int add_image(struct dump *dump, const Cr__FileLock *image, struct open_file *file)
{
	Cr__FileLock **locks = arena_array(&dump->arena, Cr__FileLock *, file->image.n_locks + 1);
	Cr__FileLock *copy = arena_copy(&dump->arena, image, sizeof(*image));

	if (!locks || !copy)
		return -ENOMEM;
	if (file->image.n_locks > 0)
		memcpy(locks, file->image.locks, file->image.n_locks * sizeof(*locks));
	locks[file->image.n_locks++] = copy;
	file->image.locks = locks;
	return 0;
}

static int add_summary(struct dump *dump, const struct known_lock *known)
{
	Cr__Manifest *manifest = dump->manifest;
	Cr__FileLockSummary **list =
		arena_array(&dump->arena, Cr__FileLockSummary *, manifest->n_file_locks + 1);
	Cr__FileLockSummary *summary = arena_new(&dump->arena, Cr__FileLockSummary);
	char text[FILE_LOCK_TEXT_SIZE];

	if (!list || !summary)
		return -ENOMEM;
	if (manifest->n_file_locks > 0)
		memcpy(list, manifest->file_locks, manifest->n_file_locks * sizeof(*list));
	cr__file_lock_summary__init(summary);
	summary->pid = known->pid;
	summary->fd = known->fd;
	summary->path = (char *)known->path;
	summary->description = arena_string(&dump->arena, file_lock_describe(&known->lock, text));
	list[manifest->n_file_locks++] = summary;
	manifest->file_locks = list;
	return summary->description ? 0 : -ENOMEM;
}

static int add(struct dump *dump, const struct process *process, const struct fd_info *info,
	       const struct file_lock *lock, struct open_file *file)
{
	Cr__FileLock image = CR__FILE_LOCK__INIT;
	struct known_lock *known;
	bool is_kept;

	image.kind = (Cr__FileLockKind)kind_of(lock);
	image.is_write = lock->is_write;
	/* A POSIX lock is its process's, whichever of its threads, or of those that share its table, set it.
	 */
	image.pid = lock->kind == FILE_LOCK_POSIX ? process->pidref.pid : MAX(lock->pid, 0);
	image.start = lock->start;
	image.end = lock->end;
	if (lock->is_breaking && lock->kind == FILE_LOCK_LEASE) {
		int r = find_broken(info, lock, &image);

		if (r < 0)
			return r;
	}
	if (is_known(&file->image, &image))
		return 0;
	is_kept = can_be_kept(dump, lock, fd_info_printable(info->link, &dump->arena));
	known = vector_append(dump, file_locks);
	if (!known || add_image(dump, &image, file) < 0)
		return -ENOMEM;
	*known = (struct known_lock){
		.lock = *lock,
		.path = arena_string(&dump->arena, info->link),
		.pid = process->pidref.pid,
		.fd = info->fd,
	};
	if (!known->path)
		return -ENOMEM;
	return is_kept ? add_summary(dump, known) : 0;
}

int file_locks_collect(struct dump *dump, const struct process *process, const struct fd_info *info,
		       struct open_file *file)
{
	const struct fdinfo *fdinfo = &info->fdinfo;

	for (size_t i = 0; fdinfo->locks_count > 0 && i < fdinfo->entries_count; i++) {
		const struct fdinfo_entry *entry = &fdinfo->entries[i];
		struct file_lock lock;
		int r;

		if (strcmp(entry->key, "lock") != 0)
			continue;
		r = file_lock_parse(entry->value, strlen(entry->value), &lock);
		if (r < 0)
			return log_error_errno(r, "cannot read its lock '%s'", entry->value);
		r = add(dump, process, info, &lock, file);
		if (r < 0)
			return log_error_errno(r, "cannot note its lock");
	}
	return 0;
}

static const struct process *find_process(const struct dump *dump, pid_t pid)
{
	for (size_t i = 0; i < dump->processes_count; i++)
		if (dump->processes[i].pidref.pid == pid)
			return &dump->processes[i];
	return NULL;
}

/* The one of the tree that the kernel lists as LOCK; which of several equal ones does not matter. */
static const struct known_lock *find_known(const struct dump *dump, const struct file_lock *lock)
{
	for (size_t i = 0; i < dump->file_locks_count; i++) {
		const struct known_lock *known = &dump->file_locks[i];

		if (known->lock.kind == lock->kind && known->lock.pid == lock->pid &&
		    known->lock.start == lock->start && known->lock.end == lock->end &&
		    known->lock.is_write == lock->is_write && file_lock_is_of_same_file(&known->lock, lock))
			return known;
	}
	return NULL;
}

static const char *name_of(struct dump *dump, pid_t pid)
{
	char comm[PROC_COMM_SIZE] = "?", text[128];
	cleanup_close int proc_fd = -EBADF;
	const char *name;

	if (proc_open(pid, &proc_fd) == 0)
		(void)!proc_read_comm(proc_fd, comm);
	name = arena_format(&dump->arena, "'%s' (pid %d)", printable(comm, text, sizeof(text)), pid);
	return name ? name : "another process";
}

/*
 * Whoever of the tree waits is not listed: the freeze has taken it out of its system call, which it makes
 * again when it goes on, here or restored.
 */
static void check_waiter(struct dump *dump, const struct file_lock *holder, const struct file_lock *waiter)
{
	const struct known_lock *known = find_known(dump, holder);
	char text[FILE_LOCK_TEXT_SIZE], name[PRINTABLE_SIZE];

	if (!known || find_process(dump, waiter->pid))
		return;
	LOG_SCOPE("pid %d", known->pid);
	LOG_SCOPE("fd %d", known->fd);
	blockers_add(&dump->blockers,
		     "%s, which is not dumped, waits for the %s of its file '%s', and would get it: end that "
		     "process, or dump both together",
		     name_of(dump, waiter->pid), file_lock_describe(&known->lock, text),
		     printable(known->path, name, sizeof(name)));
}

int file_locks_check(struct dump *dump)
{
	cleanup_(file_lock_list_done) struct file_lock_list list = {0};
	const struct file_lock *holder = NULL;
	int r;

	if (dump->file_locks_count == 0)
		return 0; /* to list all of them may take the kernel some milliseconds */
	r = file_lock_list_read(&list);
	if (r < 0)
		return log_error_errno(r, "cannot read '/proc/locks'");
	for (size_t i = 0; i < list.locks_count; i++) {
		const struct file_lock *lock = &list.locks[i];

		if (!lock->is_waiting)
			holder = lock;
		else if (holder && holder->number == lock->number)
			check_waiter(dump, holder, lock);
	}
	return 0;
}
