/* SPDX-License-Identifier: MIT */
/* Changes what epoll instances watch, from where the kernel takes it for what it was. */
#include "restorer/fd/epoll_users.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/vector.h"

void epoll_users_done(struct epoll_users *users)
{
	free(users->users);
	*users = (struct epoll_users){0};
}

static int compare_users(const void *left, const void *right)
{
	const struct epoll_user *a = left, *b = right;

	if (a->object_id != b->object_id)
		return a->object_id < b->object_id ? -1 : 1;
	if (a->task != b->task)
		return a->task < b->task ? -1 : 1;
	return (a->fd > b->fd) - (a->fd < b->fd);
}

static int add_of_task(struct restore *restore, const struct fd_restorer *kind, struct task *task,
		       struct epoll_users *users)
{
	const Cr__DescriptorTable *table = task->descriptors;

	for (size_t i = 0; table && i < table->n_descriptors; i++) {
		const Cr__Descriptor *descriptor = table->descriptors[i];
		const struct object *object = object_find(restore, descriptor->open_file_id);
		struct epoll_user *slot;

		if (!object || object->kind != kind)
			continue;
		slot = vector_append(users, users);
		if (!slot)
			return -ENOMEM;
		*slot = (struct epoll_user){descriptor->open_file_id, task, descriptor->fd};
	}
	return 0;
}

int epoll_users_find(struct restore *restore, const struct fd_restorer *kind, struct epoll_users *ret_users)
{
	cleanup_(epoll_users_done) struct epoll_users users = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < restore->tasks_count; i++)
		r = add_of_task(restore, kind, &restore->tasks[i], &users);
	if (r < 0)
		return log_error_errno(r, "cannot note who has epoll instances open");
	if (users.users_count > 0)
		qsort(users.users, users.users_count, sizeof(*users.users), compare_users);
	*ret_users = users;
	users = (struct epoll_users){0};
	return 0;
}

/* The first user of an object, or where it would be. */
static size_t find_first(const struct epoll_users *users, uint32_t object_id)
{
	size_t low = 0, high = users->users_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (users->users[middle].object_id < object_id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct epoll_user *epoll_users_get(const struct epoll_users *users, uint32_t object_id, uint32_t number,
					 uint32_t target_id)
{
	for (size_t i = find_first(users, object_id); i < users->users_count; i++) {
		const struct epoll_user *user = &users->users[i];

		if (user->object_id != object_id)
			break;
		if (object_id_at(user->task, (int)number) == target_id)
			return user;
	}
	return NULL;
}

static struct epoll_event event_of(const struct epoll_change *change)
{
	return (struct epoll_event){.events = change->events, .data.u64 = change->data};
}

/* Those changes that a task can make; *OTHERS, for COUNT pointers, are those that none can. */
static int change_in_tasks(const struct epoll_users *users, uint32_t object_id,
			   const struct epoll_change *changes, size_t count,
			   const struct epoll_change **others, size_t *ret_others_count)
{
	struct puppet *puppet = NULL;
	struct batch *batch = NULL;
	int r = 0;

	*ret_others_count = 0;
	for (size_t i = 0; r == 0 && i < count; i++) {
		const struct epoll_user *user =
			epoll_users_get(users, object_id, changes[i].number, changes[i].target_id);
		struct epoll_event event = event_of(&changes[i]);

		if (!user) {
			others[(*ret_others_count)++] = &changes[i];
			continue;
		}
		if (puppet &&
		    (puppet != task_puppet(user->task) || batch_is_nearly_full(batch, 1, sizeof(event)))) {
			r = puppet_run(puppet, "watching");
			puppet = NULL;
		}
		if (!puppet)
			batch = puppet_batch(puppet = task_puppet(user->task));
		batch_call(batch, SYS_epoll_ctl, (uint64_t)user->fd, (uint64_t)changes[i].operation,
			   changes[i].number, batch_data(batch, &event, sizeof(event)));
	}
	if (r == 0 && puppet)
		r = puppet_run(puppet, "watching");
	return r;
}

/* A table of descriptors of our own, in which any number can be used for a moment. */
struct scratch {
	struct restore *restore;
	struct object *object;
	const struct epoll_change *const *changes;
	size_t count;
	int error;
};

/* Puts FD under the number, and what was there to *ret_saved (-EBADF: nothing). */
static int place(int fd, int number, int *ret_saved)
{
	int saved = fcntl(number, F_DUPFD_CLOEXEC, 0);

	if (saved < 0 && errno != EBADF)
		return -errno;
	*ret_saved = saved < 0 ? -EBADF : saved;
	return dup3(fd, number, O_CLOEXEC) < 0 ? -errno : 0;
}

static void put_back(int *saved, int number)
{
	if (*saved >= 0)
		(void)!dup3(*saved, number, O_CLOEXEC);
	else
		close(number);
	close_fd(saved);
}

static int change_in_scratch(const struct scratch *scratch, const struct epoll_change *change)
{
	struct object *target = object_find(scratch->restore, change->target_id);
	cleanup_close int epoll_fd = -EBADF, target_fd = -EBADF, saved = -EBADF;
	struct epoll_event event = event_of(change);
	int number = (int)change->number, r = object_take(scratch->restore, scratch->object, &epoll_fd);

	if (r == 0)
		r = object_take(scratch->restore, target, &target_fd);
	if (r < 0)
		return r;
	if (target_fd == number)
		return epoll_ctl(epoll_fd, change->operation, number, &event) < 0 ? -errno : 0;
	r = place(target_fd, number, &saved);
	/* What was there may have been the instance itself. */
	if (r == 0 && epoll_ctl(epoll_fd == number ? saved : epoll_fd, change->operation, number, &event) < 0)
		r = -errno;
	put_back(&saved, number);
	return r;
}

static void *run_in_scratch(void *argument)
{
	struct scratch *scratch = argument;
	int r = unshare(CLONE_FILES) < 0 ? -errno : 0;

	for (size_t i = 0; r == 0 && i < scratch->count; i++)
		r = change_in_scratch(scratch, scratch->changes[i]);
	scratch->error = r;
	return NULL;
}

int epoll_users_change(struct restore *restore, const struct epoll_users *users, struct object *object,
		       const struct epoll_change *changes, size_t count)
{
	cleanup_free const struct epoll_change **others = calloc(MAX(count, (size_t)1), sizeof(*others));
	struct scratch scratch = {.restore = restore, .object = object, .changes = others};
	pthread_t thread;
	int r;

	if (!others)
		return log_error_errno(-ENOMEM, "cannot watch what it watched");
	r = change_in_tasks(users, object->image->id, changes, count, others, &scratch.count);
	if (r < 0 || scratch.count == 0)
		return r;
	r = -pthread_create(&thread, NULL, run_in_scratch, &scratch);
	if (r == 0) {
		(void)pthread_join(thread, NULL);
		r = scratch.error;
	}
	return r < 0 ? log_error_errno(r, "cannot watch what it watched") : 0;
}
