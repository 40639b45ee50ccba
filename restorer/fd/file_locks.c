/* SPDX-License-Identifier: MIT */
/* File locks and leases, at restore: who takes them. */
#include "restorer/fd/file_locks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/printable.h"
#include "common/proc/locks.h"
#include "common/vector.h"
#include "restorer/fd/fd_restorer.h"
#include "restorer/fd/lock_conflicts.h"
#include "restorer/fd/objects.h"

/* A descriptor of an open file that has locks. */
struct holding {
	const struct object *object;
	struct task *task;
	int fd;
};

struct holdings {
	struct holding *holdings;
	size_t holdings_count, holdings_capacity;
};

/* A lock, and the descriptor through which it is taken. */
struct planned_lock {
	const Cr__FileLock *image;
	struct object *object;
	struct task *task; /* NULL: cr-restore, as no task has the file */
	int fd;
};

static void holdings_done(struct holdings *holdings)
{
	free(holdings->holdings);
}

void file_locks_done(struct restore *restore)
{
	free(restore->file_locks);
	restore->file_locks = NULL;
	restore->file_locks_count = restore->file_locks_capacity = 0;
}

static bool has_locks(const struct restore *restore)
{
	for (size_t i = 0; i < restore->objects_count; i++)
		if (restore->objects[i].image->n_locks > 0)
			return true;
	return false;
}

static int add_holdings(struct restore *restore, struct task *task, struct holdings *holdings)
{
	const Cr__DescriptorTable *table = task->descriptors;

	for (size_t i = 0; table && i < table->n_descriptors; i++) {
		const struct object *object = object_find(restore, table->descriptors[i]->open_file_id);
		struct holding *holding;

		if (object->image->n_locks == 0)
			continue;
		holding = vector_append(holdings, holdings);
		if (!holding)
			return -ENOMEM;
		*holding = (struct holding){object, task, table->descriptors[i]->fd};
	}
	return 0;
}

/* That of the process that set it, if it has the file; another's, if any; NULL. */
static const struct holding *choose(const struct holdings *holdings, const struct object *object,
				    const Cr__FileLock *lock)
{
	const struct holding *chosen = NULL;

	for (size_t i = 0; i < holdings->holdings_count; i++) {
		const struct holding *holding = &holdings->holdings[i];

		if (holding->object != object)
			continue;
		if (holding->task->image->pid == lock->pid)
			return holding;
		if (!chosen)
			chosen = holding;
	}
	return chosen;
}

static int plan_lock(struct restore *restore, const struct holdings *holdings, struct object *object,
		     const Cr__FileLock *image)
{
	const struct holding *holding = choose(holdings, object, image);
	struct planned_lock *lock;

	if (image->kind == CR__FILE_LOCK_KIND__FILE_LOCK_POSIX &&
	    (!holding || holding->task->image->pid != image->pid)) {
		log_error("bad archive: process %d has a lock of open file %u, which it has not", image->pid,
			  object->image->id);
		return -EBADMSG;
	}
	if (image->is_breaking && !holding) {
		log_error("bad archive: open file %u has a lease that is being broken, and is of nobody",
			  object->image->id);
		return -EBADMSG;
	}
	lock = vector_append(restore, file_locks);
	if (!lock)
		return log_error_errno(-ENOMEM, "cannot plan the file locks");
	*lock = (struct planned_lock){
		.image = image,
		.object = object,
		.task = holding ? holding->task : NULL,
		.fd = holding ? holding->fd : -EBADF,
	};
	return 0;
}

static int plan_all(struct restore *restore)
{
	cleanup_(holdings_done) struct holdings holdings = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < restore->tasks_count; i++)
		r = add_holdings(restore, &restore->tasks[i], &holdings);
	if (r < 0)
		return log_error_errno(r, "cannot plan the file locks");
	for (size_t i = 0; r == 0 && i < restore->objects_count; i++) {
		struct object *object = &restore->objects[i];

		for (size_t k = 0; r == 0 && k < object->image->n_locks; k++)
			r = plan_lock(restore, &holdings, object, object->image->locks[k]);
	}
	return r;
}

static void ask_for_option(struct restore *restore)
{
	const Cr__Manifest *manifest = restore->manifest;
	char path[PRINTABLE_SIZE], text[128];

	for (size_t i = 0; i < manifest->n_file_locks; i++) {
		const Cr__FileLockSummary *lock = manifest->file_locks[i];

		blockers_add(&restore->blockers,
			     "pid %d: fd %d: has a %s on '%s': give --file-locks (-l) to take it again",
			     lock->pid, lock->fd, printable(lock->description, text, sizeof(text)),
			     printable(lock->path, path, sizeof(path)));
	}
	if (manifest->n_file_locks == 0)
		blockers_add(&restore->blockers,
			     "the program has file locks: give --file-locks (-l) to take them again");
}

int file_locks_plan(struct restore *restore)
{
	return has_locks(restore) ? plan_all(restore) : 0;
}

int file_locks_check(struct restore *restore)
{
	if (restore->file_locks_count > 0 && !restore->options->has_file_locks)
		ask_for_option(restore);
	return lock_conflicts_check(restore);
}

static struct flock range_of(const Cr__FileLock *image)
{
	return (struct flock){
		.l_type = image->is_write ? F_WRLCK : F_RDLCK,
		.l_whence = SEEK_SET,
		.l_start = (off_t)image->start,
		.l_len = image->end == FILE_LOCK_END ? 0 : (off_t)(image->end - image->start + 1),
	};
}

static void add_call(struct batch *batch, const struct planned_lock *lock)
{
	const Cr__FileLock *image = lock->image;
	struct flock range = range_of(image);
	uint64_t fd = (uint64_t)lock->fd;

	switch (image->kind) {
	case CR__FILE_LOCK_KIND__FILE_LOCK_FLOCK:
		batch_call(batch, SYS_flock, fd, (image->is_write ? LOCK_EX : LOCK_SH) | LOCK_NB);
		break;
	case CR__FILE_LOCK_KIND__FILE_LOCK_POSIX:
		batch_call(batch, SYS_fcntl, fd, F_SETLK, batch_data(batch, &range, sizeof(range)));
		break;
	case CR__FILE_LOCK_KIND__FILE_LOCK_OFD:
		batch_call(batch, SYS_fcntl, fd, F_OFD_SETLK, batch_data(batch, &range, sizeof(range)));
		break;
	default:
		batch_call(batch, SYS_fcntl, fd, F_SETLEASE, image->is_write ? F_WRLCK : F_RDLCK);
		/* Who was told that it is being broken is not told again. */
		if (image->is_breaking)
			batch_call(batch, SYS_fcntl, fd, F_SETOWN, 0);
		break;
	}
}

int file_locks_take(struct restore *restore, struct task *task)
{
	struct puppet *leader = task_puppet(task);
	struct batch *batch = puppet_batch(leader);

	for (size_t i = 0; i < restore->file_locks_count; i++) {
		if (restore->file_locks[i].task != task)
			continue;
		if (batch_is_nearly_full(batch, 2, sizeof(struct flock))) {
			int r = puppet_run(leader, "taking its file locks");

			if (r < 0)
				return r;
			batch = puppet_batch(leader);
		}
		add_call(batch, &restore->file_locks[i]);
	}
	return batch->call_count > 0 ? puppet_run(leader, "taking its file locks") : 0;
}

static int take_here(struct restore *restore, const struct planned_lock *lock)
{
	const Cr__FileLock *image = lock->image;
	struct flock range = range_of(image);
	cleanup_close int fd = -EBADF;
	int r = object_take(restore, lock->object, &fd);

	if (r < 0)
		return r;
	if (image->kind == CR__FILE_LOCK_KIND__FILE_LOCK_FLOCK)
		r = flock(fd, (image->is_write ? LOCK_EX : LOCK_SH) | LOCK_NB);
	else if (image->kind == CR__FILE_LOCK_KIND__FILE_LOCK_OFD)
		r = fcntl(fd, F_OFD_SETLK, &range);
	else
		r = fcntl(fd, F_SETLEASE, image->is_write ? F_WRLCK : F_RDLCK);
	return r < 0 ? log_error_errno(-errno, "cannot take a lock of open file %u", lock->object->image->id)
		     : 0;
}

/* Opens the file as nobody may who does not wait for the lease. */
static int break_lease(struct restore *restore, const struct planned_lock *lock)
{
	uint32_t id = lock->object->image->id;
	cleanup_close int fd = -EBADF, opened = -EBADF;
	struct puppet *puppet;
	char link[32];
	int r = object_take(restore, lock->object, &fd);

	if (r < 0)
		return r;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	opened = open(link,
		      (lock->image->may_stay_read ? O_RDONLY : O_WRONLY) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (opened >= 0) {
		log_error("the lease of open file %u cannot be broken again", id);
		return -ENOLCK;
	}
	if (errno != EWOULDBLOCK)
		return log_error_errno(-errno, "cannot break the lease of open file %u again", id);
	puppet = task_puppet(lock->object->holder);
	object_add_signals(puppet_batch(puppet), lock->object);
	return puppet_run(puppet, "setting the owner of a lease");
}

int file_locks_finish(struct restore *restore)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < restore->file_locks_count; i++) {
		const struct planned_lock *lock = &restore->file_locks[i];

		if (!lock->task)
			r = take_here(restore, lock);
		else if (lock->image->is_breaking)
			r = break_lease(restore, lock);
	}
	return r;
}
