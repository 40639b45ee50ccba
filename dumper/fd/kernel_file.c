/* SPDX-License-Identifier: MIT */
/* Files of /proc, /sys, control groups and the like, at dump: they are opened again by their path. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/log.h"
#include "common/proc/proc_dir.h"
#include "dumper/fd/fd_dumper.h"
#include "dumper/ghosts.h"
#include "dumper/tree.h"
#include "format/fd/kernel_file.h"

static bool begins_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool may_write(const struct fd_info *info)
{
	return !(info->flags & O_PATH) && (info->flags & O_ACCMODE) != O_RDONLY;
}

/* What has been written to files of these stays with the open file, if only until it is closed, for all that
 * is known. */
static bool is_readable_only(const struct fd_info *info)
{
	static const uint32_t filesystems[] = {
		DEBUGFS_MAGIC,  TRACEFS_MAGIC,      SECURITYFS_MAGIC,     SELINUX_MAGIC,
		SMACK_MAGIC,    BINFMTFS_MAGIC,     PSTOREFS_MAGIC,       EFIVARFS_MAGIC,
		CONFIGFS_MAGIC, FUSE_CONTROL_MAGIC, RDTGROUP_SUPER_MAGIC,
	};

	for (size_t i = 0; i < ARRAY_SIZE(filesystems); i++)
		if (info->filesystem == filesystems[i])
			return true;
	return false;
}

static bool is_known(const struct fd_info *info)
{
	bool is_directory = S_ISDIR(info->stat.st_mode);

	return info->filesystem == PROC_SUPER_MAGIC || info->filesystem == SYSFS_MAGIC ||
	       info->filesystem == CGROUP_SUPER_MAGIC || info->filesystem == CGROUP2_SUPER_MAGIC ||
	       (is_readable_only(info) && !may_write(info)) ||
	       ((info->filesystem == MQUEUE_MAGIC || info->filesystem == BPF_FS_MAGIC) && is_directory);
}

/* A mere path has no state, whatever it leads to. */
static bool kernel_file_matches(const struct fd_info *info)
{
	return info->link[0] == '/' && !fd_info_has_path(info) && !fd_info_is_memfd(info) &&
	       (is_known(info) || (info->flags & O_PATH && fd_info_is_pseudo(info)));
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

/* What any other process has as well, so that it can be opened there, for it to end. */
static void collect_gone(struct dump *dump, const struct fd_info *info, const char *rest,
			 Cr__KernelFile *entry)
{
	const char *same = arena_format(&dump->arena, "/proc/self%s", rest);

	entry->is_gone = true;
	if (!same || faccessat(AT_FDCWD, same, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		blockers_add(&dump->blockers,
			     "its file '%s' is of a process that is gone, and no other has such a one",
			     fd_info_printable(info->link, &dump->arena));
}

/* By the time when it was started it can be told from another with its number. */
static int collect_outsider(const struct fd_info *info, pid_t pid, Cr__KernelFile *entry)
{
	cleanup_close int proc_fd = -EBADF;
	struct stat_info stat;
	int r = proc_open(pid, &proc_fd);

	if (r == 0)
		r = stat_read(proc_fd, &stat);
	if (r < 0 && r != -ESRCH && r != -ENOENT)
		return log_error_errno(r, "cannot look at the process that '%s' is of", info->link);
	entry->is_gone = r < 0;
	entry->start_ticks = r < 0 ? 0 : stat.start_ticks;
	return 0;
}

/*
 * Files of a process come and go with it; some are numbered by what may not be there again yet. NET: it is
 * one that cannot be looked up.
 */
static int collect_process(struct dump *dump, const struct fd_info *info, bool is_net, Cr__KernelFile *entry)
{
	const char *rest;
	pid_t pid, tid;

	if (!kernel_file_is_of_process(entry->path, &pid, &tid, &rest))
		return 0;
	if (begins_with(rest, "/fd/") || begins_with(rest, "/fdinfo/") || begins_with(rest, "/map_files/")) {
		blockers_add(&dump->blockers,
			     "its file '%s' is of a descriptor or mapping, which cannot be preserved",
			     fd_info_printable(info->link, &dump->arena));
		return 0;
	}
	if (!is_net && file_leads_to(info->link, &info->stat) != 1) {
		collect_gone(dump, info, rest, entry);
		return 0;
	}
	if (tree_has_thread(dump, pid) && (tid == 0 || tree_has_thread(dump, tid)))
		return 0;
	return collect_outsider(info, pid, entry);
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
	const char *rest, *deleted = ghost_path(dump, info->link), *net = net_path(dump, info);
	pid_t pid, tid;
	char use[32];
	int r;

	if (entry)
		cr__kernel_file__init(entry);
	if (!entry || !(entry->path = arena_string(&dump->arena, deleted ? deleted : info->link)))
		return log_error_errno(-ENOMEM, "cannot note its file");
	entry->mode = info->stat.st_mode;
	file->entry = &entry->base;
	file->description = entry->path;
	check_file(dump, info);
	r = info->filesystem == PROC_SUPER_MAGIC ? collect_process(dump, info, net, entry) : 0;
	if (r < 0)
		return r;
	if (dump->blockers.texts_count == blockers_before && !net && !entry->is_gone &&
	    file_leads_to(info->link, &info->stat) != 1)
		blockers_add(&dump->blockers, "its file '%s' is not there any more",
			     fd_info_printable(info->link, &dump->arena));
	if (!entry->is_gone) {
		collect_change(dump, info, entry);
		check_position(dump, info);
	}
	if (kernel_file_is_of_process(entry->path, &pid, &tid, &rest))
		return 0;
	snprintf(use, sizeof(use), "fd %d", info->fd);
	return dump_require_file(dump, process, entry->path, &info->stat, false, use);
}

const struct fd_dumper kernel_file_fd_dumper = {
	.name = "kernel_file",
	.matches = kernel_file_matches,
	.collect = kernel_file_collect,
};
