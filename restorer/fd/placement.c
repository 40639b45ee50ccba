/* SPDX-License-Identifier: MIT */
/* Opens objects and places them at their numbers in a task. */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/pidref.h"
#include "restorer/fd/fd_restorer.h"
#include "restorer/fd/given_fds.h"
#include "restorer/fd/objects.h"

/* Room in a batch for an object to be connected, of which its signals take some; who needs more makes it. */
#define CONNECT_CALLS 32
#define CONNECT_BYTES 2048

/* Descriptors in one batch, each with up to three calls; so many does the controller hold open at a time. */
#define CHUNK_SIZE 128
_Static_assert(CHUNK_SIZE * 3 + 8 <= EXECUTOR_CALLS_MAX, "a chunk fits into a batch");

/*
 * Numbers are filled in ascending order. So what pidfd_getfd(2) picks, the lowest free number, is either the
 * very one to be filled or one that the task does not use at all: never one that is still to come, or taken.
 */
struct placement {
	struct restore *restore;
	struct task *task;
	struct puppet *puppet;
	struct batch *batch;
	size_t placed;      /* descriptors done, of the sorted table */
	int lowest_free;    /* in the puppet */
	size_t lowest_next; /* the first descriptor at or above lowest_free */
	/* of the chunk in the batch */
	int ours[CHUNK_SIZE]; /* -EBADF: none was needed */
	unsigned calls[CHUNK_SIZE];
	int expected[CHUNK_SIZE]; /* numbers that the calls must return */
	size_t count;
};

static void placement_done(struct placement *placement)
{
	for (size_t i = 0; i < placement->count; i++)
		close_fd(&placement->ours[i]);
	placement->count = 0;
}

/* What open(2) did not do. A file that was given instead is used where it stands. */
static int set_state(const Cr__OpenFile *image, int fd, bool is_given)
{
	uint32_t wanted = image->flags & ~(uint32_t)O_ASYNC; /* see object_add_signals() */
	int flags;

	if (image->flags & O_PATH)
		return 0;
	flags = fcntl(fd, F_GETFL);
	if (flags < 0)
		return log_error_errno(-errno, "cannot read flags");
	if (((uint32_t)flags ^ wanted) & OBJECT_FLAGS_SETTABLE && fcntl(fd, F_SETFL, wanted) < 0)
		return log_error_errno(-errno, "cannot set flags 0%o", wanted);
	if (image->position == 0 || is_given)
		return 0;
	errno = 0; /* the position may be negative */
	(void)lseek(fd, image->position, SEEK_SET);
	if (errno != 0)
		return log_error_errno(-errno, "cannot set position %jd", (intmax_t)image->position);
	return 0;
}

static int take_from_holder(const struct object *object, int *ret_fd)
{
	cleanup_(pidref_done) struct pidref pidref = PIDREF_NULL;
	pid_t pid = object->holder->image->pid;
	int r;

	r = pidref_open(pid, &pidref);
	if (r == 0)
		r = pidref_getfd(&pidref, object->holder_fd, ret_fd);
	if (r < 0)
		return log_error_errno(r, "cannot take it from process %d, fd %d", pid, object->holder_fd);
	return 0;
}

static int object_open(struct restore *restore, const struct object *object, int *ret_fd)
{
	const struct given_fd *given;
	cleanup_close int fd = -EBADF;
	int r;

	if (object->holder)
		return take_from_holder(object, ret_fd);
	if (object->our_fd >= 0)
		return (*ret_fd = fcntl(object->our_fd, F_DUPFD_CLOEXEC, 0)) < 0 ? -errno : 0;
	given = given_fds_find_path(restore, object->path);
	r = given ? given_fd_take(given->fd, &fd) : object->kind->open(restore, object, &fd);
	if (r < 0)
		return r;
	r = set_state(object->image, fd, given);
	if (r < 0)
		return r;
	*ret_fd = take_fd(&fd);
	return 0;
}

int object_take(struct restore *restore, struct object *object, int *ret_fd)
{
	int r = 0;

	if (!object->holder && object->our_fd < 0)
		r = object_open(restore, object, &object->our_fd);
	return r < 0 ? r : object_open(restore, object, ret_fd);
}

int objects_fill(struct restore *restore, struct object *object)
{
	cleanup_close int fd = -EBADF;
	int r;

	LOG_SCOPE("open file %u (%s)", object->image->id, object->kind->name);
	r = object_take(restore, object, &fd);
	return r < 0 ? r : object->kind->fill(restore, object, fd);
}

/* The number that a call which makes a descriptor gets in the puppet. */
static int predict_number(struct placement *placement)
{
	Cr__Descriptor **descriptors = placement->task->descriptors->descriptors;

	for (;;) {
		if (placement->lowest_next < placement->placed &&
		    descriptors[placement->lowest_next]->fd == placement->lowest_free)
			placement->lowest_next++;
		else if (placement->lowest_free != placement->task->controller_fd_inside)
			return placement->lowest_free;
		placement->lowest_free++;
	}
}

/* Adds the calls that fill one number. */
static int place(struct placement *placement, const Cr__Descriptor *descriptor)
{
	struct object *object = object_find(placement->restore, descriptor->open_file_id);
	struct batch *batch = placement->batch;
	uint64_t number = (uint64_t)descriptor->fd, flags = descriptor->is_close_on_exec ? O_CLOEXEC : 0;
	size_t slot = placement->count;
	unsigned call;
	int r;

	LOG_SCOPE("fd %d", descriptor->fd);
	placement->ours[slot] = -EBADF;
	placement->expected[slot] = descriptor->fd;
	placement->count++;
	if (object->holder == placement->task) {
		placement->calls[slot] =
			batch_call(batch, SYS_dup3, (uint64_t)object->holder_fd, number, flags);
		return 0;
	}
	r = object_open(placement->restore, object, &placement->ours[slot]);
	if (r < 0)
		return r;
	call = batch_call(batch, SYS_pidfd_getfd, (uint64_t)placement->task->controller_fd_inside,
			  (uint64_t)placement->ours[slot], 0);
	placement->calls[slot] = call;
	placement->expected[slot] = predict_number(placement);
	if (placement->expected[slot] != descriptor->fd) {
		batch_call(batch, SYS_dup3, 0, number, flags);
		batch_refer(batch, 0, call);
		batch_call(batch, SYS_close, 0);
		batch_refer(batch, 0, call);
	} else if (flags == 0) {
		batch_call(batch, SYS_fcntl, number, F_SETFD, 0);
	}
	if (!object->holder) {
		object->holder = placement->task;
		object->holder_fd = descriptor->fd;
	}
	return 0;
}

/* Runs the batch, and lets go of what it has carried over. */
static int run(struct placement *placement)
{
	int r;

	r = puppet_run(placement->puppet, "open files");
	if (r < 0)
		return r;
	for (size_t i = 0; i < placement->count; i++) {
		int64_t number = batch_result(placement->batch, placement->calls[i]);

		if (number != placement->expected[i])
			return log_error_errno(-EIO, "open files: descriptor %d went to number %jd",
					       placement->expected[i], (intmax_t)number);
	}
	placement_done(placement);
	placement->batch = puppet_batch(placement->puppet);
	return 0;
}

/* Closes all that the puppet has, and lets it use every number of its image. */
static int add_preparation(struct placement *placement)
{
	const Cr__DescriptorTable *table = placement->task->descriptors;
	uint64_t keep = (uint64_t)placement->task->controller_fd_inside, needed = keep + 1;
	struct batch *batch = placement->batch;
	struct rlimit limit;
	uint64_t address;

	batch_call(batch, SYS_close_range, 0, keep - 1, 0);
	batch_call(batch, SYS_close_range, keep + 1, ~0U, 0);
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return log_error_errno(-errno, "cannot read the limit of open files");
	if (table->n_descriptors > 0)
		needed = MAX(needed, (uint64_t)table->descriptors[table->n_descriptors - 1]->fd + 1);
	limit.rlim_max = MAX(limit.rlim_max, (rlim_t)needed);
	limit.rlim_cur = limit.rlim_max;
	address = batch_data(batch, &limit, sizeof(limit));
	batch_call(batch, SYS_prlimit64, 0, RLIMIT_NOFILE, address, 0);
	return 0;
}

int objects_open_for_task(struct restore *restore, struct task *task)
{
	cleanup_(placement_done) struct placement placement = {
		.restore = restore,
		.task = task,
		.puppet = task_puppet(task),
		.batch = puppet_batch(task_puppet(task)),
	};
	const Cr__DescriptorTable *table = task->descriptors;
	int r;

	r = add_preparation(&placement);
	if (r < 0)
		return r;
	while (placement.placed < table->n_descriptors) {
		r = place(&placement, table->descriptors[placement.placed]);
		if (r < 0)
			return r;
		placement.placed++;
		if (placement.count == CHUNK_SIZE) {
			r = run(&placement);
			if (r < 0)
				return r;
		}
	}
	batch_call(placement.batch, SYS_close, (uint64_t)task->controller_fd_inside);
	return run(&placement);
}

/*
 * The kernel notes the user ids of who sets an owner. Ours stay the saved one, so that they can be put back.
 */
static void add_user(struct batch *batch, uid_t uid, uid_t euid)
{
	batch_call(batch, SYS_setresuid, uid, euid, (uint64_t)-1);
}

static void add_owner(struct batch *batch, const Cr__FileOwner *owner, int fd)
{
	struct f_owner_ex value = {.type = (__typeof__(value.type))owner->type, .pid = owner->id};
	bool is_foreign = owner->uid != getuid() || owner->euid != geteuid();

	if (owner->signal != 0)
		batch_call(batch, SYS_fcntl, (uint64_t)fd, F_SETSIG, (uint64_t)owner->signal);
	if (owner->id == 0)
		return;
	if (is_foreign)
		add_user(batch, owner->uid, owner->euid);
	batch_call(batch, SYS_fcntl, (uint64_t)fd, F_SETOWN_EX, batch_data(batch, &value, sizeof(value)));
	if (is_foreign)
		add_user(batch, getuid(), geteuid());
}

/* O_ASYNC last, so that no signal goes astray, and in the task: the kernel notes the number, to be told in
 * si_fd. */
void object_add_signals(struct batch *batch, const struct object *object)
{
	if (object->image->owner)
		add_owner(batch, object->image->owner, object->holder_fd);
	if (object->image->flags & O_ASYNC)
		batch_call(batch, SYS_fcntl, (uint64_t)object->holder_fd, F_SETFL, object->image->flags);
}

int objects_finish_task(struct restore *restore, struct task *task)
{
	struct puppet *leader = &task->threads[0].puppet;
	struct batch *batch = puppet_batch(leader);

	for (size_t i = 0; i < restore->objects_count; i++) {
		const struct object *object = &restore->objects[i];
		int r = 0;

		if (object->holder != task)
			continue;
		if (batch_is_nearly_full(batch, CONNECT_CALLS, CONNECT_BYTES)) {
			r = puppet_run(leader, "connecting open files");
			if (r < 0)
				return r;
			batch = puppet_batch(leader);
		}
		if (object->kind->connect)
			r = object->kind->connect(restore, object, leader, batch);
		if (r < 0)
			return r;
		object_add_signals(batch, object);
	}
	return batch->call_count > 0 ? puppet_run(leader, "connecting open files") : 0;
}
