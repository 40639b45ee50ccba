/* SPDX-License-Identifier: MIT */
/* Processes that have exited, and for which their parent has not waited yet. */
#include "dumper/task/zombie.h"

#include <string.h>
#include <sys/wait.h>

#include "common/log.h"

#define COMM_SIZE 16

int zombie_collect(struct dump *dump, struct process *process)
{
	Cr__Process *image = arena_new(&dump->arena, Cr__Process);
	Cr__Zombie *zombie = arena_new(&dump->arena, Cr__Zombie);

	if (!image || !zombie)
		return log_error_errno(-ENOMEM, "cannot describe it");
	cr__process__init(image);
	cr__zombie__init(zombie);
	image->pid = process->stat.pid;
	image->ppid = process->stat.ppid;
	image->parent_tid = process->parent_tid;
	image->pgid = process->stat.pgid;
	image->sid = process->stat.sid;
	image->exit_signal = process->stat.exit_signal;
	image->zombie = zombie;
	zombie->status = process->stat.exit_code;
	zombie->uid = process->status.uids[0];
	zombie->gid = process->status.gids[0];
	zombie->comm = arena_bytes(&dump->arena, process->status.name,
				   MIN(strlen(process->status.name), (size_t)COMM_SIZE - 1));
	if (WIFSIGNALED(zombie->status) && WCOREDUMP(zombie->status))
		log_notice("its status will not say any more that it left a core file");
	process->image = image;
	return 0;
}
