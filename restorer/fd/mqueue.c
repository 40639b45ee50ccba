/* SPDX-License-Identifier: MIT */
/* POSIX message queues, mq_overview(7), at restore. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <mqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/log.h"
#include "common/printable.h"
#include "common/vector.h"
#include "format/fd/mqueue.h"
#include "restorer/fd/fd_restorer.h"

/* A queue that had to be made; it has this name until all its descriptions are open, and on if it is to keep
 * it. */
struct made_queue {
	uint32_t id;
	bool is_unlinked;
	char *name; /* owned; NULL: it has none any more */
};

struct made_list {
	struct made_queue *queues;
	size_t queues_count;
	size_t queues_capacity;
};

static const Cr__Mqueue *entry_of(const struct object *object)
{
	return (const Cr__Mqueue *)object->entry;
}

static int mqueue_read(struct restore *restore maybe_unused, struct object *object, const char **ret_reason)
{
	return mqueue_check(entry_of(object), ret_reason);
}

static bool is_above(const char *name, int64_t value)
{
	cleanup_free char *path = string_format("/proc/sys/fs/mqueue/%s", name), *text = NULL;

	return path && file_read_at(AT_FDCWD, path, 64, &text, NULL) == 0 && value > strtoll(text, NULL, 10);
}

/* A new queue may be refused for its size. */
static void plan_making(struct restore *restore, const Cr__Mqueue *entry, const char *name)
{
	if (kernel_features_has_cap(&restore->features, CAP_SYS_RESOURCE))
		return;
	if (is_above("msg_max", entry->max_messages))
		blockers_add(&restore->blockers,
			     "the message queue '%s' is for %jd messages, more than this host allows: raise "
			     "fs.mqueue.msg_max with sysctl",
			     name, (intmax_t)entry->max_messages);
	if (is_above("msgsize_max", entry->message_size))
		blockers_add(&restore->blockers,
			     "the message queue '%s' is for messages of %jd bytes, more than this host "
			     "allows: raise "
			     "fs.mqueue.msgsize_max with sysctl",
			     name, (intmax_t)entry->message_size);
}

static int mqueue_plan(struct restore *restore, struct object *object)
{
	const Cr__Mqueue *entry = entry_of(object);
	cleanup_close int fd = entry->is_unlinked ? -EBADF : mq_open(entry->name, O_RDONLY | O_CLOEXEC);
	struct mq_attr attributes;
	char name[PRINTABLE_SIZE];

	printable(entry->name, name, sizeof(name));
	if (fd < 0 && !entry->is_unlinked && errno != ENOENT)
		blockers_add(&restore->blockers, "the message queue '%s' cannot be opened: %m", name);
	else if (fd < 0 && entry->message_count > 0)
		blockers_add(&restore->blockers,
			     "the message queue '%s' is missing, and held %jd messages when the program was "
			     "dumped",
			     name, (intmax_t)entry->message_count);
	else if (fd < 0)
		plan_making(restore, entry, name);
	else if (mq_getattr(fd, &attributes) == 0 && (attributes.mq_maxmsg != entry->max_messages ||
						      attributes.mq_msgsize != entry->message_size))
		blockers_add(&restore->blockers,
			     "the message queue '%s' is another one: for %ld messages of %ld bytes, and not "
			     "for %jd of "
			     "%jd as when the program was dumped",
			     name, attributes.mq_maxmsg, attributes.mq_msgsize, (intmax_t)entry->max_messages,
			     (intmax_t)entry->message_size);
	return 0;
}

static struct made_queue *find_made(struct restore *restore, uint32_t id)
{
	struct made_list *list = restore->fd_kind_states[FD_KIND_mqueue];

	for (size_t i = 0; list && i < list->queues_count; i++)
		if (list->queues[i].id == id)
			return &list->queues[i];
	return NULL;
}

/* An entry for a queue that is about to be made. */
static struct made_queue *add_made(struct restore *restore, const Cr__Mqueue *entry)
{
	struct made_list *list = restore->fd_kind_states[FD_KIND_mqueue];
	struct made_queue *made;

	if (!list)
		restore->fd_kind_states[FD_KIND_mqueue] = list = calloc(1, sizeof(*list));
	made = list ? vector_append(list, queues) : NULL;
	if (made)
		*made = (struct made_queue){.id = entry->queue_id, .is_unlinked = entry->is_unlinked};
	return made;
}

static int set_owner(const Cr__Mqueue *entry, int fd)
{
	if (fchown(fd, entry->uid, entry->gid) < 0 || fchmod(fd, entry->mode) < 0)
		return log_error_errno(-errno, "cannot set the owner of the message queue '%s'", entry->name);
	return 0;
}

/* One without a name gets its former one, or another if that is in use. */
static int make(struct restore *restore, const Cr__Mqueue *entry)
{
	struct mq_attr attributes = {.mq_maxmsg = entry->max_messages, .mq_msgsize = entry->message_size};
	struct made_queue *made = add_made(restore, entry);
	cleanup_free char *name = strdup(entry->name);
	cleanup_close int fd = -EBADF;

	if (!made || !name)
		return log_error_errno(-ENOMEM, "cannot make a message queue");
	fd = mq_open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600, &attributes);
	if (fd < 0 && errno == EEXIST && entry->is_unlinked) {
		free(name);
		name = string_format("/cr-restore.%d.%u", getpid(), entry->queue_id);
		if (!name)
			return log_error_errno(-ENOMEM, "cannot make a message queue");
		fd = mq_open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600, &attributes);
	}
	if (fd < 0)
		return log_error_errno(-errno, "cannot make the message queue '%s'", name);
	made->name = take_ptr(name);
	return set_owner(entry, fd);
}

static int open_queue(const Cr__Mqueue *entry, const char *name, uint32_t flags)
{
	bool is_file = entry->path[0] != '\0';
	cleanup_close int fd = -EBADF;

	if (entry->shows_close_on_exec)
		flags |= O_CLOEXEC;
	fd = is_file ? open(entry->path, (int)flags) : mq_open(name, (int)flags);
	if (fd < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return -errno;
	return take_fd(&fd);
}

static int mqueue_open(struct restore *restore, const struct object *object, int *ret_fd)
{
	const Cr__Mqueue *entry = entry_of(object);
	const struct made_queue *made = find_made(restore, entry->queue_id);
	int fd = -ENOENT, r;

	if (made || !entry->is_unlinked)
		fd = open_queue(entry, made ? made->name : entry->name, object->image->flags);
	if (fd == -ENOENT && !made) {
		r = make(restore, entry);
		if (r < 0)
			return r;
		fd = open_queue(entry, find_made(restore, entry->queue_id)->name, object->image->flags);
	}
	if (fd < 0)
		return log_error_errno(fd, "cannot open the message queue '%s'", entry->name);
	*ret_fd = fd;
	return 0;
}

/* The names of made queues: of all, or of those that are to have none. */
static void unlink_made(struct made_list *list, bool are_all)
{
	for (size_t i = 0; list && i < list->queues_count; i++) {
		struct made_queue *made = &list->queues[i];

		if (!made->name || !(are_all || made->is_unlinked))
			continue;
		if (mq_unlink(made->name) < 0)
			log_debug("cannot unlink the message queue '%s'", made->name);
		free(take_ptr(made->name));
	}
}

static int mqueue_finish(struct restore *restore)
{
	unlink_made(restore->fd_kind_states[FD_KIND_mqueue], false);
	return 0;
}

static void mqueue_kind_done(struct restore *restore)
{
	struct made_list *list = restore->fd_kind_states[FD_KIND_mqueue];

	if (!restore->is_done)
		unlink_made(list, true);
	for (size_t i = 0; list && i < list->queues_count; i++)
		free(list->queues[i].name);
	if (list)
		free(list->queues);
	free(list);
}

const struct fd_restorer mqueue_fd_restorer = {
	.name = "mqueue",
	.read = mqueue_read,
	.plan = mqueue_plan,
	.open = mqueue_open,
	.finish = mqueue_finish,
	.kind_done = mqueue_kind_done,
};
