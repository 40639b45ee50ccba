/* SPDX-License-Identifier: MIT */
/* What only the parent can ask of its children, by wait(2): whether it is yet to be told that they go on. */
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "dumper/task/task_dumper.h"

/* Children that are asked about in one batch. */
#define BATCH_CHILDREN 32

enum { ADDRESS_INFOS };
enum { CALL_FIRST };

/* The index of the first living child from FROM on, of which there is one. */
static size_t next_child(const struct dump *dump, const struct process *parent, size_t from)
{
	while (dump->processes[from].is_zombie || dump->processes[from].stat.ppid != parent->pidref.pid)
		from++;
	return from;
}

static int children_ask(struct dump *dump, struct process *process, struct thread *thread maybe_unused,
			struct batch *batch, struct questions *questions)
{
	size_t at = process->next_child_asked;

	questions->first += questions->count;
	questions->count = MIN(process->children_count - questions->first, (size_t)BATCH_CHILDREN);
	questions->has_more = questions->first + questions->count < process->children_count;
	questions->addresses[ADDRESS_INFOS] = batch_data(batch, NULL, questions->count * sizeof(siginfo_t));
	questions->calls[CALL_FIRST] = batch->call_count;
	for (size_t i = 0; i < questions->count; i++, at++) {
		at = next_child(dump, process, at);
		(void)batch_try(batch, SYS_waitid, P_PID, (uint64_t)dump->processes[at].pidref.pid,
				questions->addresses[ADDRESS_INFOS] + i * sizeof(siginfo_t),
				WCONTINUED | WNOHANG | WNOWAIT | __WALL, 0);
	}
	return 0;
}

static int children_answer(struct dump *dump, struct process *process, struct thread *thread maybe_unused,
			   const struct batch *batch, const struct questions *questions)
{
	size_t at = process->next_child_asked;

	for (size_t i = 0; i < questions->count; i++, at++) {
		uint64_t address = questions->addresses[ADDRESS_INFOS] + i * sizeof(siginfo_t);
		siginfo_t info;

		at = next_child(dump, process, at);
		memcpy(&info, batch_data_at(batch, address), sizeof(info));
		dump->processes[at].image->is_continue_unreported =
			batch_result(batch, questions->calls[CALL_FIRST] + (unsigned)i) == 0 &&
			info.si_pid == dump->processes[at].pidref.pid;
	}
	process->next_child_asked = at;
	return 0;
}

const struct task_dumper children_task_dumper = {
	.name = "children",
	.is_leader_only = true,
	.ask = children_ask,
	.answer = children_answer,
};
