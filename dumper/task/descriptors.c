/* SPDX-License-Identifier: MIT */
/* What descriptors have for themselves: whether exec closes them. What they lead to: dumper/fd/. */
#include <fcntl.h>
#include <sys/syscall.h>

#include "common/log.h"
#include "dumper/sharing.h"
#include "dumper/task/task_dumper.h"

/* NULL: there are none, or they are those of a process that is asked. */
static const Cr__DescriptorTable *own_table(const struct dump *dump, const struct process *process)
{
	return sharing_is_owner(dump, process, SHARED_FILES) ? process->descriptors : NULL;
}

static int descriptors_ask(struct dump *dump, struct process *process, struct thread *thread maybe_unused,
			   struct batch *batch, struct questions *questions)
{
	const Cr__DescriptorTable *table = own_table(dump, process);
	size_t next = questions->first + questions->count;

	questions->first = next;
	questions->calls[0] = batch->call_count;
	while (table && next < table->n_descriptors && !batch_is_nearly_full(batch, 1, 0))
		(void)batch_try(batch, SYS_fcntl, (uint64_t)table->descriptors[next++]->fd, F_GETFD);
	questions->count = next - questions->first;
	questions->has_more = table && next < table->n_descriptors;
	return 0;
}

static int descriptors_answer(struct dump *dump, struct process *process, struct thread *thread maybe_unused,
			      const struct batch *batch, const struct questions *questions)
{
	const Cr__DescriptorTable *table = own_table(dump, process);

	for (size_t i = 0; i < questions->count; i++) {
		Cr__Descriptor *descriptor = table->descriptors[questions->first + i];
		int64_t flags = batch_result(batch, questions->calls[0] + (unsigned)i);

		if (flags < 0)
			return log_error_errno((int)flags, "cannot ask for the flags of fd %d",
					       descriptor->fd);
		descriptor->is_close_on_exec = flags & FD_CLOEXEC;
	}
	return 0;
}

const struct task_dumper descriptors_task_dumper = {
	.name = "descriptors",
	.is_leader_only = true,
	.ask = descriptors_ask,
	.answer = descriptors_answer,
};
