/* SPDX-License-Identifier: MIT */
/* What of an address space only its own process can ask: the end of the heap, and whether new mappings are
 * locked. */
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "common/log.h"
#include "dumper/task/task_dumper.h"

static int memory_ask(struct dump *dump, struct process *process, struct thread *thread, struct batch *batch,
		      struct questions *questions)
{
	(void)dump;
	(void)process;
	(void)thread;
	questions->calls[0] = batch_try(batch, SYS_brk, 0);
	return 0;
}

/*
 * mlockall(MCL_FUTURE) is a property that nothing shows but its effect: the executor's region, mapped just
 * now, is locked then, in which way its flags tell.
 */
static int collect_lock_future(struct process *process, const struct batch *batch)
{
	struct status status = {0};
	struct vma_list vmas = {0};
	const struct vma *region;
	uint64_t locked;
	int r = status_read(process->proc_fd, &status);

	if (r < 0)
		return log_error_errno(r, "cannot read its status");
	locked = status.memory.locked;
	status_done(&status);
	if (locked <= process->status.memory.locked)
		return 0;
	r = vma_list_read(process->proc_fd, VMA_DETAIL_SMAPS, &vmas);
	if (r < 0)
		return log_error_errno(r, "cannot read its mappings");
	region = vma_list_find(&vmas, batch->region.value);
	if (region && region->flags & VMA_FLAG_BIT(LOCKED))
		process->memory->lock_future =
			MCL_FUTURE | (region->flags & VMA_FLAG_BIT(LOCK_ON_FAULT) ? MCL_ONFAULT : 0);
	vma_list_done(&vmas);
	return 0;
}

static int memory_answer(struct dump *dump, struct process *process, struct thread *thread,
			 const struct batch *batch, const struct questions *questions)
{
	(void)dump;
	(void)thread;
	process->memory->brk = (uint64_t)batch_result(batch, questions->calls[0]);
	return collect_lock_future(process, batch);
}

const struct task_dumper memory_task_dumper = {
	.name = "memory",
	.is_leader_only = true,
	.ask = memory_ask,
	.answer = memory_answer,
};
