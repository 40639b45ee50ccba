/* SPDX-License-Identifier: MIT */
/* Files of /proc, /sys and control groups, at dump: they are opened again by their path. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/log.h"
#include "dumper/fd/fd_dumper.h"
#include "dumper/ghosts.h"
#include "dumper/tree.h"
#include "format/fd/kernel_file.h"

static bool is_known(const struct fd_info *info)
{
	return info->filesystem == PROC_SUPER_MAGIC || info->filesystem == SYSFS_MAGIC ||
	       info->filesystem == CGROUP_SUPER_MAGIC || info->filesystem == CGROUP2_SUPER_MAGIC ||
	       (info->filesystem == MQUEUE_MAGIC && S_ISDIR(info->stat.st_mode));
}

/* A mere path has no state, whatever it leads to. */
static bool kernel_file_matches(const struct fd_info *info)
{
	return info->link[0] == '/' && !fd_info_has_path(info) && !fd_info_is_memfd(info) &&
	       (is_known(info) || (info->flags & O_PATH && fd_info_is_pseudo(info)));
}

static bool begins_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool may_write(const struct fd_info *info)
{
	return !(info->flags & O_PATH) && (info->flags & O_ACCMODE) != O_RDONLY;
}

/* Pressure stall information: what is written sets a trigger, which belongs to the open file. */
static bool may_have_trigger(const struct fd_info *info)
{
	const char *slash = strrchr(info->link, '/'), *dot = strrchr(info->link, '.');

	if (!may_write(info))
		return false;
	return begins_with(info->link, "/proc/pressure/") ||
	       (dot && dot > slash && strcmp(dot, ".pressure") == 0);
}

/* Files of a process come and go with it; some are numbered by what may not be there again yet. */
static void check_process_file(struct dump *dump, const struct fd_info *info)
{
	const char *rest, *printable = fd_info_printable(info->link, &dump->arena);
	pid_t pid, tid;

	if (!kernel_file_is_of_process(info->link, &pid, &tid, &rest))
		return;
	if (!tree_has_thread(dump, pid) || (tid != 0 && !tree_has_thread(dump, tid)))
		blockers_add(&dump->blockers,
			     "its file '%s' is of a process that is not part of the dump, or is gone",
			     printable);
	else if (begins_with(rest, "/fd/") || begins_with(rest, "/fdinfo/") ||
		 begins_with(rest, "/map_files/"))
		blockers_add(&dump->blockers,
			     "its file '%s' is of a descriptor or mapping, which cannot be preserved",
			     printable);
}

static void check_file(struct dump *dump, const struct fd_info *info)
{
	const char *printable = fd_info_printable(info->link, &dump->arena), *rest;
	pid_t pid, tid;

	if (info->filesystem == PROC_SUPER_MAGIC && !begins_with(info->link, "/proc/") &&
	    strcmp(info->link, "/proc") != 0) {
		blockers_add(&dump->blockers, "its file '%s' is of a /proc that is mounted elsewhere",
			     printable);
		return;
	}
	check_process_file(dump, info);
	if (may_have_trigger(info))
		blockers_add(&dump->blockers,
			     "its file '%s' is open for writing, and may have a trigger set, which cannot be "
			     "preserved",
			     printable);
	else if (info->filesystem == PROC_SUPER_MAGIC && may_write(info) &&
		 !kernel_file_is_of_process(info->link, &pid, &tid, &rest) &&
		 !begins_with(info->link, "/proc/sys/") && !begins_with(info->link, "/proc/irq/"))
		blockers_add(&dump->blockers,
			     "its file '%s' is open for writing, and may hold a state that this version does "
			     "not know",
			     printable);
}

/* Whether poll(2) tells of a change: POLLPRI. -1: it cannot be asked. */
static int has_change(const struct fd_info *info)
{
	struct pollfd poll_fd = {.fd = info->our_fd, .events = POLLPRI};

	if (info->flags & O_PATH || !S_ISREG(info->stat.st_mode) || poll(&poll_fd, 1, 0) < 0)
		return -1;
	return (poll_fd.revents & POLLPRI) != 0;
}

/*
 * A file of /sys tells of a change from when it is opened until it has been read. One of /proc is opened as
 * if it had been read, so a change that it tells of would be lost; but pressure stall information always
 * does, without a trigger.
 */
static void collect_change(struct dump *dump, const struct fd_info *info, Cr__KernelFile *entry)
{
	int change = has_change(info);

	if (info->filesystem != PROC_SUPER_MAGIC)
		entry->is_read = change == 0 && (info->flags & O_ACCMODE) != O_WRONLY;
	else if (change > 0 && !begins_with(info->link, "/proc/pressure/"))
		blockers_add(&dump->blockers,
			     "its file '%s' has changed, and the program has not read that yet: try again "
			     "when it has",
			     fd_info_printable(info->link, &dump->arena));
}

/* Where it is must be possible to come to again. */
static void check_position(struct dump *dump, const struct fd_info *info)
{
	if (info->fdinfo.position > 0 && !(info->flags & O_PATH) && lseek(info->our_fd, 0, SEEK_CUR) < 0)
		blockers_add(&dump->blockers,
			     "its file '%s' has been read in part, and cannot be positioned there again",
			     fd_info_printable(info->link, &dump->arena));
}

/*
 * The files below net of a process seem to be deleted as soon as anybody looks them up again, which is why
 * this does not. Returns their path in the arena, NULL if it is none of these.
 */
static const char *net_path(struct dump *dump, const struct fd_info *info)
{
	const char *rest, *deleted;
	pid_t pid, tid;

	if (!kernel_file_is_of_process(info->link, &pid, &tid, &rest) || !begins_with(rest, "/net/"))
		return NULL;
	deleted = ghost_path(dump, info->link);
	return deleted ? deleted : arena_string(&dump->arena, info->link);
}

static int kernel_file_collect(struct dump *dump, const struct process *process, const struct fd_info *info,
			       struct open_file *file)
{
	Cr__KernelFile *entry = arena_new(&dump->arena, Cr__KernelFile);
	size_t blockers_before = dump->blockers.texts_count;
	const char *rest, *net = net_path(dump, info);
	pid_t pid, tid;
	char use[32];

	if (entry)
		cr__kernel_file__init(entry);
	if (!entry || !(entry->path = arena_string(&dump->arena, net ? net : info->link)))
		return log_error_errno(-ENOMEM, "cannot note its file");
	entry->mode = info->stat.st_mode;
	file->entry = &entry->base;
	file->description = entry->path;
	check_file(dump, info);
	if (dump->blockers.texts_count == blockers_before && !net &&
	    file_leads_to(info->link, &info->stat) != 1)
		blockers_add(&dump->blockers, "its file '%s' is not there any more",
			     fd_info_printable(info->link, &dump->arena));
	collect_change(dump, info, entry);
	check_position(dump, info);
	if (kernel_file_is_of_process(info->link, &pid, &tid, &rest))
		return 0;
	snprintf(use, sizeof(use), "fd %d", info->fd);
	return dump_require_file(dump, process, entry->path, &info->stat, false, use);
}

const struct fd_dumper kernel_file_fd_dumper = {
	.name = "kernel_file",
	.matches = kernel_file_matches,
	.collect = kernel_file_collect,
};
