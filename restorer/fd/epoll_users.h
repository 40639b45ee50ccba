/* SPDX-License-Identifier: MIT */
/* Who has epoll instances open, and changes what they watch. */
#pragma once

#include "restorer/fd/fd_restorer.h"

/* A descriptor of a task that leads to an epoll instance. */
struct epoll_user {
	uint32_t object_id;
	struct task *task;
	int fd;
};

/* By object, tasks in their order. */
struct epoll_users {
	struct epoll_user *users;
	size_t users_count;
	size_t users_capacity;
};

/* In memory only, from plan() on. KIND is that of epoll instances. -ENOMEM, logged. */
int must_check epoll_users_find(struct restore *restore, const struct fd_restorer *kind,
				struct epoll_users *ret_users);
void epoll_users_done(struct epoll_users *users);

/* Who has both the instance, and a target under this number; NULL: nobody. */
const struct epoll_user *epoll_users_get(const struct epoll_users *users, uint32_t object_id, uint32_t number,
					 uint32_t target_id);

/* A call of epoll_ctl(2). */
struct epoll_change {
	int operation;
	uint32_t number; /* of the target */
	uint32_t target_id;
	uint32_t events;
	uint64_t data;
};

/*
 * Makes changes to an epoll instance, whose targets the kernel knows by number and description together: in a
 * task that has both (task_puppet()), or else in a table of descriptors that is made for it. Those of tasks
 * come first, otherwise they are made in their order. All objects must be open.
 */
int must_check epoll_users_change(struct restore *restore, const struct epoll_users *users,
				  struct object *object, const struct epoll_change *changes, size_t count);
