/* SPDX-License-Identifier: MIT */
/* epoll instances, epoll(7), at restore. They watch again when all else is as it will be. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/id_map.h"
#include "common/log.h"
#include "common/uapi_epoll.h"
#include "format/fd/epoll.h"
#include "restorer/fd/epoll_users.h"

/* Whatever may be reported of a target; errors and hangups always are. */
#define ALL_EVENTS                                                                                           \
	(EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDHUP | EPOLLRDNORM | EPOLLRDBAND | EPOLLWRNORM |              \
	 EPOLLWRBAND | EPOLLMSG)

extern const struct fd_restorer epoll_fd_restorer;

static const Cr__Epoll *entry_of(const struct object *object)
{
	return (const Cr__Epoll *)object->entry;
}

static int epoll_read_entry(struct restore *restore maybe_unused, struct object *object,
			    const char **ret_reason)
{
	return epoll_check(entry_of(object), ret_reason);
}

static int users_of(struct restore *restore, struct epoll_users **ret_users)
{
	struct epoll_users *users = restore->fd_kind_states[FD_KIND_epoll];
	int r;

	if (!users) {
		users = calloc(1, sizeof(*users));
		r = users ? epoll_users_find(restore, &epoll_fd_restorer, users) : -ENOMEM;
		if (r < 0) {
			free(users);
			return r;
		}
		restore->fd_kind_states[FD_KIND_epoll] = users;
	}
	*ret_users = users;
	return 0;
}

static bool has_parameters(const Cr__Epoll *entry)
{
	return entry->busy_poll_us != 0 || entry->busy_poll_budget != 0 || entry->prefers_busy_poll;
}

static int set_parameters(const Cr__Epoll *entry, int fd)
{
	struct uapi_epoll_params params = {
		.busy_poll_us = entry->busy_poll_us,
		.busy_poll_budget = (uint16_t)entry->busy_poll_budget,
		.prefers_busy_poll = (uint8_t)entry->prefers_busy_poll,
	};

	return ioctl(fd, UAPI_EPOLL_SET_PARAMS, &params) < 0 ? -errno : 0;
}

static int plan_parameters(struct restore *restore, const struct object *object)
{
	cleanup_close int fd = -EBADF;
	int r;

	if (!has_parameters(entry_of(object)))
		return 0;
	fd = epoll_create1(EPOLL_CLOEXEC);
	r = fd < 0 ? -errno : set_parameters(entry_of(object), fd);
	if (r == -EPERM)
		blockers_add(&restore->blockers,
			     "open file %u, an epoll instance, polls busily for more than %d packets at "
			     "once, which "
			     "takes CAP_NET_ADMIN",
			     object->image->id, UAPI_EPOLL_BUDGET_FREE);
	else if (r < 0)
		blockers_add(
			&restore->blockers,
			"open file %u, an epoll instance, polls busily, which this kernel cannot be told",
			object->image->id);
	return 0;
}

static int bad_target(const struct object *object, size_t index, const char *why)
{
	log_error("bad archive: target %zu of open file %u, an epoll instance, %s", index, object->image->id,
		  why);
	return -EBADMSG;
}

/* Where the target is added, which has to be possible: a number of its own may be as high as any. */
static int plan_place(struct restore *restore, const struct object *object, size_t index,
		      const struct object *target)
{
	const Cr__Epoll *entry = entry_of(object);
	struct rlimit limit = {.rlim_max = RLIM_INFINITY};
	struct epoll_users *users;
	int r = users_of(restore, &users);

	if (r < 0 || epoll_users_get(users, object->image->id, entry->numbers[index], target->image->id))
		return r;
	if (target->kind->is_polled_as_self)
		return bad_target(object, index, "is not open in any process that could add it");
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && entry->numbers[index] >= limit.rlim_max)
		blockers_add(&restore->blockers,
			     "open file %u, an epoll instance, watches number %u, which is beyond the limit "
			     "of open "
			     "files, %ju (raise the hard limit: ulimit -Hn)",
			     object->image->id, entry->numbers[index], (uintmax_t)limit.rlim_max);
	return 0;
}

static int epoll_plan(struct restore *restore, struct object *object)
{
	cleanup_(id_map_done) struct id_map seen = {0};
	const Cr__Epoll *entry = entry_of(object);
	bool has_wakeups = false;

	for (size_t i = 0; i < entry->n_numbers; i++) {
		const struct object *target = object_find(restore, entry->open_file_ids[i]);
		uint64_t key = (uint64_t)entry->numbers[i] << 32 | entry->open_file_ids[i];
		int r;

		if (!target || target == object)
			return bad_target(object, i, target ? "is itself" : "is not there");
		if (id_map_get(&seen, key, NULL))
			return bad_target(object, i, "is there twice");
		r = id_map_set(&seen, key, 1);
		if (r < 0)
			return log_error_errno(r, "cannot plan open file %u", object->image->id);
		r = plan_place(restore, object, i, target);
		if (r < 0)
			return r;
		has_wakeups |= entry->events[i] & EPOLLWAKEUP;
	}
	if (has_wakeups && !kernel_features_has_cap(&restore->features, CAP_BLOCK_SUSPEND))
		blockers_add(
			&restore->blockers,
			"open file %u, an epoll instance, keeps the host awake (EPOLLWAKEUP), which takes "
			"CAP_BLOCK_SUSPEND",
			object->image->id);
	return plan_parameters(restore, object);
}

static int epoll_open(struct restore *restore maybe_unused, const struct object *object, int *ret_fd)
{
	cleanup_close int fd = epoll_create1(EPOLL_CLOEXEC);
	int r = 0;

	if (fd < 0)
		return log_error_errno(-errno, "cannot make an epoll instance");
	if (has_parameters(entry_of(object)))
		r = set_parameters(entry_of(object), fd);
	if (r < 0)
		return log_error_errno(r, "cannot set the busy polling of an epoll instance");
	*ret_fd = take_fd(&fd);
	return 0;
}

static struct epoll_change change_of(const Cr__Epoll *entry, size_t index, int operation, uint32_t events)
{
	return (struct epoll_change){
		.operation = operation,
		.number = entry->numbers[index],
		.target_id = entry->open_file_ids[index],
		.events = events,
		.data = entry->data[index],
	};
}

/* Whether it had something to report, which it then has reported. */
static bool has_reported(int epoll_fd)
{
	struct epoll_event event;

	return epoll_wait(epoll_fd, &event, 1, 0) == 1;
}

/* A pipe that nothing can be read from: something can for a moment. */
static int report_of_pipe(struct restore *restore, struct object *target, int epoll_fd,
			  bool *ret_has_reported)
{
	cleanup_close int fd = -EBADF, both_ends = -EBADF;
	struct stat st;
	char path[32], byte = 0;
	int r = object_take(restore, target, &fd);

	if (r < 0)
		return r;
	*ret_has_reported = false;
	if (fstat(fd, &st) < 0 || !S_ISFIFO(st.st_mode))
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	both_ends = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (both_ends < 0 || write(both_ends, &byte, 1) != 1)
		return 0;
	*ret_has_reported = has_reported(epoll_fd);
	return read(both_ends, &byte, 1) == 1 ? 0 : log_error_errno(-EIO, "cannot empty a pipe");
}

/*
 * The kernel disables a one-shot target when it reports it, and in no other way: so it is watched for all
 * that can be, and reports. One that is ready for nothing at all is taken out again, to be added with all
 * others: it will tell of errors and hangups.
 */
static int disable(struct restore *restore, const struct epoll_users *users, struct object *object,
		   size_t index, int epoll_fd, bool *ret_is_disabled)
{
	const Cr__Epoll *entry = entry_of(object);
	struct epoll_change add = change_of(entry, index, EPOLL_CTL_ADD, entry->events[index] | ALL_EVENTS);
	struct epoll_change remove = change_of(entry, index, EPOLL_CTL_DEL, 0);
	int r = epoll_users_change(restore, users, object, &add, 1);

	if (r < 0)
		return r;
	*ret_is_disabled = has_reported(epoll_fd);
	if (!*ret_is_disabled)
		r = report_of_pipe(restore, object_find(restore, entry->open_file_ids[index]), epoll_fd,
				   ret_is_disabled);
	if (r == 0 && !*ret_is_disabled)
		r = epoll_users_change(restore, users, object, &remove, 1);
	return r;
}

/* Disabled targets first: what reports while they are made must be one of them. */
static int watch(struct restore *restore, const struct epoll_users *users, struct object *object)
{
	const Cr__Epoll *entry = entry_of(object);
	cleanup_free struct epoll_change *changes =
		calloc(MAX(entry->n_numbers, (size_t)1), sizeof(*changes));
	cleanup_close int epoll_fd = -EBADF;
	size_t count = 0;
	int r = changes ? object_take(restore, object, &epoll_fd)
			: log_error_errno(-ENOMEM, "cannot watch what it watched");

	for (size_t i = 0; r == 0 && i < entry->n_numbers; i++) {
		bool is_disabled = false;

		if (epoll_events_are_disabled(entry->events[i]))
			r = disable(restore, users, object, i, epoll_fd, &is_disabled);
		if (!is_disabled)
			changes[count++] = change_of(entry, i, EPOLL_CTL_ADD, entry->events[i]);
	}
	return r < 0 ? r : epoll_users_change(restore, users, object, changes, count);
}

static int epoll_finish(struct restore *restore)
{
	struct epoll_users *users;
	int r = users_of(restore, &users);

	for (size_t i = 0; r == 0 && i < restore->objects_count; i++) {
		struct object *object = &restore->objects[i];

		if (object->kind != &epoll_fd_restorer)
			continue;
		LOG_SCOPE("open file %u (epoll)", object->image->id);
		r = watch(restore, users, object);
	}
	return r;
}

static void epoll_kind_done(struct restore *restore)
{
	struct epoll_users *users = restore->fd_kind_states[FD_KIND_epoll];

	if (users)
		epoll_users_done(users);
	free(users);
}

const struct fd_restorer epoll_fd_restorer = {
	.name = "epoll",
	.read = epoll_read_entry,
	.plan = epoll_plan,
	.open = epoll_open,
	.finish = epoll_finish,
	.kind_done = epoll_kind_done,
};
