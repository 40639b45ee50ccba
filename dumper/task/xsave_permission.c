/* SPDX-License-Identifier: MIT */
/* Processor state that a program has asked for, such as the tiles of AMX. */
#include "common/arch/x86_64/xsave_permission.h"

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "dumper/task/task_dumper.h"

enum { CALL_PERMISSION };
enum { ADDRESS_PERMISSION };

static int xsave_permission_ask(struct dump *dump maybe_unused, struct process *process maybe_unused,
				struct thread *thread maybe_unused, struct batch *batch,
				struct questions *questions)
{
	questions->addresses[ADDRESS_PERMISSION] = batch_data(batch, NULL, sizeof(uint64_t));
	questions->calls[CALL_PERMISSION] = batch_try(batch, SYS_arch_prctl, ARCH_GET_XSAVE_PERMISSION,
						      questions->addresses[ADDRESS_PERMISSION]);
	return 0;
}

/* What we have, who have not asked for any, all have. */
static int xsave_permission_answer(struct dump *dump maybe_unused, struct process *process,
				   struct thread *thread maybe_unused, const struct batch *batch,
				   const struct questions *questions)
{
	uint64_t theirs, ours = 0;

	/* A kernel that does not know the question (before Linux 5.16) knows no such state. */
	if (batch_result(batch, questions->calls[CALL_PERMISSION]) < 0 ||
	    syscall(SYS_arch_prctl, ARCH_GET_XSAVE_PERMISSION, &ours) < 0)
		return 0;
	memcpy(&theirs, batch_data_at(batch, questions->addresses[ADDRESS_PERMISSION]), sizeof(theirs));
	process->image->xsave_permission = theirs & ~ours;
	return 0;
}

const struct task_dumper xsave_permission_task_dumper = {
	.name = "xsave permission",
	.is_leader_only = true,
	.ask = xsave_permission_ask,
	.answer = xsave_permission_answer,
};
