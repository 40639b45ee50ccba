/* SPDX-License-Identifier: MIT */
/* What locks and leases of other processes stand against a restore. */
#include "restorer/fd/lock_conflicts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/printable.h"
#include "common/proc/fd_search.h"
#include "common/proc/fdinfo.h"
#include "common/proc/locks.h"
#include "common/proc/mountinfo.h"
#include "restorer/fd/fd_restorer.h"

#define PERSON_SIZE 192

struct conflicts {
	struct restore *restore;
	struct file_lock_list others;
	bool has_leases; /* of others */
};

static void conflicts_done(struct conflicts *conflicts)
{
	file_lock_list_done(&conflicts->others);
}

/* The file at PATH as /proc/locks tells it; false if that cannot be known. */
static bool identify(const char *path, struct file_lock *lock)
{
	cleanup_(fdinfo_done) struct fdinfo info = {0};
	cleanup_close int fd = open(path, O_PATH | O_CLOEXEC), proc_fd = -EBADF;

	if (fd < 0 || proc_open(getpid(), &proc_fd) < 0 || fdinfo_read(proc_fd, fd, &info) < 0 ||
	    !info.has_inode)
		return false;
	lock->inode = info.inode;
	return mountinfo_read_device((uint64_t)info.mount_id, &lock->major, &lock->minor) == 0;
}

static void describe_process(pid_t pid, char text[PERSON_SIZE])
{
	char comm[PROC_COMM_SIZE] = "?", name[128];
	cleanup_close int proc_fd = -EBADF;

	if (proc_open(pid, &proc_fd) == 0)
		(void)!proc_read_comm(proc_fd, comm);
	snprintf(text, PERSON_SIZE, "'%s' (pid %d)", printable(comm, name, sizeof(name)), pid);
}

static bool shows_lock(const struct fd_holder *holder, const struct file_lock *lock)
{
	cleanup_(fdinfo_done) struct fdinfo info = {0};
	cleanup_close int proc_fd = -EBADF;

	if (proc_open(holder->pid, &proc_fd) < 0 || fdinfo_read(proc_fd, holder->fd, &info) < 0)
		return false;
	for (size_t i = 0; i < info.entries_count; i++) {
		struct file_lock shown;

		if (strcmp(info.entries[i].key, "lock") == 0 &&
		    file_lock_parse(info.entries[i].value, strlen(info.entries[i].value), &shown) == 0 &&
		    shown.kind == lock->kind && shown.start == lock->start && shown.end == lock->end)
			return true;
	}
	return false;
}

static void find_openers(const char *path, struct fd_search *search, const struct fd_holder **ret_holders,
			 size_t *ret_count)
{
	struct stat st;
	struct fd_object object = {.type = FD_OBJECT_FILE};

	*ret_count = 0;
	if (stat(path, &st) < 0)
		return;
	object.device = st.st_dev;
	object.inode = st.st_ino;
	if (fd_search_add(search, &object) >= 0 && fd_search_run(search) == 0)
		*ret_holders = fd_search_get(search, &object, ret_count);
}

/* Who asked for a lock may have passed it on and be gone, or not be told: then whoever has the file open with
 * it. */
static void describe_holder(const char *path, const struct file_lock *lock, char text[PERSON_SIZE])
{
	cleanup_(fd_search_done) struct fd_search search = {0};
	const struct fd_holder *holders = NULL;
	size_t count;
	char directory[32];

	snprintf(directory, sizeof(directory), "/proc/%d", lock->pid);
	if (lock->pid > 0 && access(directory, F_OK) == 0) {
		describe_process(lock->pid, text);
		return;
	}
	find_openers(path, &search, &holders, &count);
	for (size_t i = 0; i < count; i++) {
		if (shows_lock(&holders[i], lock)) {
			describe_process(holders[i].pid, text);
			return;
		}
	}
	snprintf(text, PERSON_SIZE, "a process that cannot be seen from here");
}

static void check_lock(struct conflicts *conflicts, const struct object *object, const Cr__FileLock *image,
		       const struct file_lock *file)
{
	struct file_lock ours = *file;
	char name[PRINTABLE_SIZE], wanted[FILE_LOCK_TEXT_SIZE], theirs[FILE_LOCK_TEXT_SIZE],
		person[PERSON_SIZE];

	ours.kind = image->kind == CR__FILE_LOCK_KIND__FILE_LOCK_FLOCK   ? FILE_LOCK_FLOCK
		    : image->kind == CR__FILE_LOCK_KIND__FILE_LOCK_POSIX ? FILE_LOCK_POSIX
		    : image->kind == CR__FILE_LOCK_KIND__FILE_LOCK_OFD   ? FILE_LOCK_OFD
									 : FILE_LOCK_LEASE;
	ours.is_write = image->is_write;
	ours.start = image->start;
	ours.end = image->end;
	for (size_t i = 0; i < conflicts->others.locks_count; i++) {
		const struct file_lock *other = &conflicts->others.locks[i];

		if (other->is_waiting || !file_lock_conflicts(&ours, other))
			continue;
		describe_holder(object->path, other, person);
		blockers_add(&conflicts->restore->blockers,
			     "the %s of '%s' cannot be taken again: %s has a %s; end it, or wait for it",
			     file_lock_describe(&ours, wanted), printable(object->path, name, sizeof(name)),
			     person, file_lock_describe(other, theirs));
	}
}

static bool opens_for_writing(uint32_t flags)
{
	return !(flags & O_PATH) && (flags & O_ACCMODE) != O_RDONLY;
}

/* A read lease needs that nobody has the file open for writing, a write lease that nobody else has it open.
 */
static void check_lease(struct conflicts *conflicts, const struct object *object, const Cr__FileLock *image)
{
	cleanup_(fd_search_done) struct fd_search search = {0};
	const struct fd_holder *holders = NULL;
	char name[PRINTABLE_SIZE], person[PERSON_SIZE];
	size_t count;

	find_openers(object->path, &search, &holders, &count);
	for (size_t i = 0; i < count; i++) {
		if (holders[i].flags & O_PATH || !(image->is_write || opens_for_writing(holders[i].flags)))
			continue;
		describe_process(holders[i].pid, person);
		blockers_add(&conflicts->restore->blockers,
			     "the %s lease of '%s' cannot be taken again: %s has it open as fd %d",
			     image->is_write ? "write" : "read", printable(object->path, name, sizeof(name)),
			     person, holders[i].fd);
	}
}

/* Opening a file breaks the leases that others have on it, and waits for them. */
static void check_foreign_leases(struct conflicts *conflicts, const struct object *object,
				 const struct file_lock *file)
{
	char name[PRINTABLE_SIZE], person[PERSON_SIZE], text[FILE_LOCK_TEXT_SIZE];

	for (size_t i = 0; i < conflicts->others.locks_count; i++) {
		const struct file_lock *other = &conflicts->others.locks[i];
		bool is_lease = other->kind == FILE_LOCK_LEASE || other->kind == FILE_LOCK_DELEGATION;

		if (!is_lease || other->is_waiting || !file_lock_is_of_same_file(other, file) ||
		    !(other->is_write || opens_for_writing(object->image->flags)))
			continue;
		describe_holder(object->path, other, person);
		blockers_add(&conflicts->restore->blockers,
			     "'%s' cannot be opened: %s has a %s on it, and has to give it up first",
			     printable(object->path, name, sizeof(name)), person,
			     file_lock_describe(other, text));
	}
}

static void check_object(struct conflicts *conflicts, const struct object *object)
{
	const Cr__OpenFile *image = object->image;
	struct file_lock file = {0};

	if (!object->path || image->flags & O_PATH || (image->n_locks == 0 && !conflicts->has_leases))
		return;
	if (!identify(object->path, &file))
		return; /* missing, as is said elsewhere */
	if (conflicts->has_leases)
		check_foreign_leases(conflicts, object, &file);
	for (size_t i = 0; conflicts->restore->options->has_file_locks && i < image->n_locks; i++) {
		if (image->locks[i]->kind == CR__FILE_LOCK_KIND__FILE_LOCK_LEASE)
			check_lease(conflicts, object, image->locks[i]);
		else
			check_lock(conflicts, object, image->locks[i], &file);
	}
}

/* Whether others' locks or leases can matter; to list them all may take the kernel some milliseconds. */
static bool is_concerned(const struct restore *restore)
{
	struct stat st;

	if (restore->file_locks_count > 0)
		return true;
	for (size_t i = 0; i < restore->objects_count; i++) {
		const struct object *object = &restore->objects[i];

		if (object->image->n_locks > 0 || (object->path && !(object->image->flags & O_PATH) &&
						   stat(object->path, &st) == 0 && S_ISREG(st.st_mode)))
			return true;
	}
	return false;
}

int lock_conflicts_check(struct restore *restore)
{
	cleanup_(conflicts_done) struct conflicts conflicts = {.restore = restore};
	int r = is_concerned(restore) ? file_lock_list_read(&conflicts.others) : 0;

	if (r < 0)
		return log_error_errno(r, "cannot read '/proc/locks'");
	if (conflicts.others.locks_count == 0 && restore->file_locks_count == 0)
		return 0;
	for (size_t i = 0; i < conflicts.others.locks_count; i++)
		conflicts.has_leases |= conflicts.others.locks[i].kind == FILE_LOCK_LEASE ||
					conflicts.others.locks[i].kind == FILE_LOCK_DELEGATION;
	for (size_t i = 0; i < restore->objects_count; i++)
		check_object(&conflicts, &restore->objects[i]);
	return 0;
}
