/* SPDX-License-Identifier: MIT */
/* POSIX message queues, mq_overview(7), at dump. A queue that has a name stays, with what is in it, like a
 * file. */
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/id_map.h"
#include "common/log.h"
#include "dumper/fd/fd_dumper.h"
#include "dumper/ghosts.h"
#include "dumper/holders.h"
#include "dumper/tree.h"
#include "format/fd/mqueue.h"

/* Queues by their inode: their number. */
struct queues {
	struct id_map numbers;
};

static bool mqueue_matches(const struct fd_info *info)
{
	return info->filesystem == MQUEUE_MAGIC && S_ISREG(info->stat.st_mode) && !(info->flags & O_PATH);
}

static int queue_number(struct dump *dump, uint64_t inode, uint32_t *ret_number)
{
	struct queues *queues = dump->fd_kind_states[FD_KIND_mqueue];
	uint64_t number = 0;
	int r = 0;

	if (!queues)
		dump->fd_kind_states[FD_KIND_mqueue] = queues = calloc(1, sizeof(*queues));
	if (!queues)
		return log_error_errno(-ENOMEM, "cannot note its queue");
	if (!id_map_get(&queues->numbers, inode, &number)) {
		number = queues->numbers.count + 1;
		r = id_map_set(&queues->numbers, inode, number);
	}
	*ret_number = (uint32_t)number;
	return r < 0 ? log_error_errno(r, "cannot note its queue") : 0;
}

/* "/name", of a queue that mq_open(3) has opened; "/dev/mqueue/name" if it was opened as a file. */
static int collect_name(struct dump *dump, const struct fd_info *info, Cr__Mqueue *entry)
{
	const char *name = strrchr(info->link, '/'), *deleted;

	if (!name)
		return log_error_errno(-EBADMSG, "cannot tell the name of its queue");
	entry->is_unlinked = info->stat.st_nlink == 0;
	deleted = entry->is_unlinked ? ghost_path(dump, name) : NULL;
	entry->name = arena_string(&dump->arena, deleted ? deleted : name);
	if (!entry->name)
		return log_error_errno(-ENOMEM, "cannot note its queue");
	if (!entry->is_unlinked && name != info->link && file_leads_to(info->link, &info->stat) == 1)
		entry->path = arena_string(&dump->arena, info->link);
	return entry->path ? 0 : log_error_errno(-ENOMEM, "cannot note its queue");
}

/* "QSIZE:0 NOTIFY:0 SIGNO:10 NOTIFY_PID:10626", which read(2) of a queue tells. */
static int check_notification(struct dump *dump, const struct fd_info *info, const Cr__Mqueue *entry)
{
	char text[256] = "";
	const char *at;
	pid_t pid = 0;

	if ((info->flags & O_ACCMODE) == O_WRONLY)
		return 0;
	if (pread(info->our_fd, text, sizeof(text) - 1, 0) < 0)
		return log_error_errno(-errno, "cannot read the state of its queue");
	at = strstr(text, "NOTIFY_PID:");
	if (at)
		pid = (pid_t)strtol(at + strlen("NOTIFY_PID:"), NULL, 10);
	if (pid != 0 && tree_has_process(dump, pid))
		blockers_add(&dump->blockers,
			     "process %d is to be notified of a message in its queue '%s' (mq_notify), which "
			     "cannot be "
			     "preserved: the kernel does not tell with which value",
			     (int)pid, fd_info_printable(entry->name, &dump->arena));
	return 0;
}

/* Messages can only be received once, so those of a queue that ends with the program are lost. */
static int check_unlinked(struct dump *dump, const struct fd_info *info, const Cr__Mqueue *entry)
{
	struct fd_object object = {
		.type = FD_OBJECT_FILE,
		.device = info->stat.st_dev,
		.inode = info->stat.st_ino,
	};

	if (!entry->is_unlinked)
		return 0;
	if (entry->message_count > 0)
		blockers_add(
			&dump->blockers,
			"its message queue '%s' has been unlinked and holds %jd messages, which cannot be "
			"preserved: try again when they have been received",
			fd_info_printable(entry->name, &dump->arena), (intmax_t)entry->message_count);
	return holders_want(dump, &object);
}

static int mqueue_collect(struct dump *dump, const struct process *process maybe_unused,
			  const struct fd_info *info, struct open_file *file)
{
	Cr__Mqueue *entry = arena_new(&dump->arena, Cr__Mqueue);
	struct mq_attr attributes;
	int r;

	if (!entry)
		return log_error_errno(-ENOMEM, "cannot note its queue");
	cr__mqueue__init(entry);
	if (mq_getattr(info->our_fd, &attributes) < 0)
		return log_error_errno(-errno, "cannot read the attributes of its queue");
	entry->max_messages = attributes.mq_maxmsg;
	entry->message_size = attributes.mq_msgsize;
	entry->message_count = attributes.mq_curmsgs;
	entry->mode = info->stat.st_mode & 07777;
	entry->uid = info->stat.st_uid;
	entry->gid = info->stat.st_gid;
	/* mq_open(2) keeps the flag as it was given, which fdinfo does not show. */
	entry->shows_close_on_exec = fcntl(info->our_fd, F_GETFL) & O_CLOEXEC;
	r = collect_name(dump, info, entry);
	if (r == 0)
		r = queue_number(dump, info->stat.st_ino, &entry->queue_id);
	if (r == 0)
		r = check_notification(dump, info, entry);
	if (r == 0)
		r = check_unlinked(dump, info, entry);
	file->entry = &entry->base;
	file->description = entry->name;
	return r;
}

static int check_shared(struct dump *dump, const struct open_file *file, const Cr__Mqueue *entry)
{
	struct fd_object object = {.type = FD_OBJECT_FILE, .device = file->device, .inode = file->inode};
	const struct fd_holder *holders;
	size_t count = 0;
	int r = holders_find(dump, &object, &holders, &count);

	if (r < 0 || count == 0)
		return r;
	OPEN_FILE_LOG_SCOPE(file);
	blockers_add(&dump->blockers,
		     "its message queue '%s' has been unlinked, and is shared with %s, which is not part of "
		     "the dump",
		     fd_info_printable(entry->name, &dump->arena), holders_describe(dump, holders, count));
	return 0;
}

extern const struct fd_dumper mqueue_fd_dumper;

static int mqueue_check_all(struct dump *dump)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < dump->open_files_count; i++) {
		const struct open_file *file = dump->open_files[i];
		const Cr__Mqueue *entry = (const Cr__Mqueue *)file->entry;

		if (file->kind == &mqueue_fd_dumper && entry && entry->is_unlinked)
			r = check_shared(dump, file, entry);
	}
	return r;
}

static void mqueue_done(struct dump *dump)
{
	struct queues *queues = dump->fd_kind_states[FD_KIND_mqueue];

	if (queues)
		id_map_done(&queues->numbers);
	free(queues);
}

const struct fd_dumper mqueue_fd_dumper = {
	.name = "mqueue",
	.matches = mqueue_matches,
	.collect = mqueue_collect,
	.check = mqueue_check_all,
	.done = mqueue_done,
};
