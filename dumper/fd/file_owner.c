/* SPDX-License-Identifier: MIT */
/* Who gets the signals of an open file. */
#include "dumper/fd/file_owner.h"

#include <errno.h>
#include <fcntl.h>

#include "common/log.h"

#ifndef F_GETOWNER_UIDS
#define F_GETOWNER_UIDS 17
#endif

/* F_GETOWN_EX names a task or a group of the tree. */
static bool is_inside(const struct dump *dump, const struct f_owner_ex *owner)
{
	for (size_t i = 0; i < dump->processes_count; i++) {
		const struct process *process = &dump->processes[i];

		if (owner->type == F_OWNER_PID && process->pidref.pid == owner->pid)
			return true;
		if (owner->type == F_OWNER_PGRP && process->stat.pgid == owner->pid)
			return true;
		for (size_t j = 0; owner->type == F_OWNER_TID && j < process->threads_count; j++) {
			if (process->threads[j].tracee.tid == owner->pid)
				return true;
		}
	}
	return false;
}

int file_owner_collect(struct dump *dump, const struct fd_info *info, Cr__OpenFile *image)
{
	static const char *const types[] = {"thread", "process", "process group"};
	struct f_owner_ex owner = {0};
	uid_t uids[2] = {0};
	int signal;

	if (info->flags & O_PATH)
		return 0;
	signal = fcntl(info->our_fd, F_GETSIG);
	if (signal < 0 || fcntl(info->our_fd, F_GETOWN_EX, &owner) < 0)
		return log_error_errno(-errno, "cannot ask for the owner");
	if (signal == 0 && owner.pid == 0)
		return 0;
	if (owner.pid != 0 && !is_inside(dump, &owner))
		blockers_add(&dump->blockers,
			     "its signals go to %s %d, which is not among what is dumped (F_SETOWN)",
			     types[MIN((unsigned)owner.type, 2U)], owner.pid);
	if (owner.pid != 0 && fcntl(info->our_fd, F_GETOWNER_UIDS, uids) < 0)
		return log_error_errno(-errno, "cannot ask for the owner's user ids (F_GETOWNER_UIDS)");
	image->owner = arena_new(&dump->arena, Cr__FileOwner);
	if (!image->owner)
		return log_error_errno(-ENOMEM, "cannot note the owner");
	cr__file_owner__init(image->owner);
	image->owner->type = (int)owner.type;
	image->owner->id = owner.pid;
	image->owner->signal = signal;
	image->owner->uid = uids[0];
	image->owner->euid = uids[1];
	return 0;
}
