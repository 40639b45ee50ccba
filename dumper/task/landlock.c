/* SPDX-License-Identifier: MIT */
/* Landlock domains, which cannot be preserved: what they forbid cannot be asked for. */
#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/landlock.h"
#include "common/log.h"
#include "common/vector.h"
#include "dumper/task/task_dumper.h"
#include "dumper/task/thread_status.h"

enum { CALL_LOOK };
enum { ADDRESS_LIST }; /* 0: it was not asked */

void landlock_witnesses_done(struct dump *dump)
{
	for (size_t i = 0; i < dump->landlock_witnesses_count; i++)
		landlock_witness_free(dump->landlock_witnesses[i]);
	free(dump->landlock_witnesses);
}

/* A process that threads of these real ids may look at without CAP_SYS_PTRACE; NULL: none has been started.
 */
static struct landlock_witness *witness_find(const struct dump *dump, const struct status *status)
{
	for (size_t i = 0; i < dump->landlock_witnesses_count; i++)
		if (landlock_witness_is_of(dump->landlock_witnesses[i], status->uids[0], status->gids[0]))
			return dump->landlock_witnesses[i];
	return NULL;
}

static int witness_start(struct dump *dump, const struct status *status)
{
	struct landlock_witness *witness, **slot;
	int r = landlock_witness_start(status->uids[0], status->gids[0], &witness);

	if (r < 0)
		return r;
	slot = vector_append(dump, landlock_witnesses);
	if (!slot) {
		landlock_witness_free(witness);
		return -ENOMEM;
	}
	*slot = witness;
	return 0;
}

/* We have not become anybody else, and can be dumpable again when nobody who has shares our memory. */
static void witnesses_wait(struct dump *dump)
{
	if (dump->has_waited_for_witnesses)
		return;
	dump->has_waited_for_witnesses = true;
	/* What has become of each is told to who asks for it. */
	for (size_t i = 0; i < dump->landlock_witnesses_count; i++)
		if (landlock_witness_wait(dump->landlock_witnesses[i]) < 0)
			continue;
	if (dump->was_dumpable)
		(void)prctl(PR_SET_DUMPABLE, 1);
}

/* The ids of another namespace are not ours; such a process is refused anyway. */
static bool is_in_our_namespaces(const struct dump *dump, const struct process *process)
{
	const uint64_t *theirs = process->namespaces.inodes, *ours = dump->own.namespaces.inodes;

	return theirs[NS_LINK_PID] == ours[NS_LINK_PID] && theirs[NS_LINK_USER] == ours[NS_LINK_USER];
}

static bool may_look_at_all(const struct status *status)
{
	return status->cap_effective & UINT64_C(1) << CAP_SYS_PTRACE;
}

/* The pid of whom to ask about; 0 after a blocker. */
static int find_whom(struct dump *dump, const struct status *status, pid_t *ret_pid)
{
	struct landlock_witness *witness;
	int r;

	*ret_pid = getpid();
	if (may_look_at_all(status))
		return 0;
	witness = witness_find(dump, status);
	r = witness ? landlock_witness_wait(witness) : -EACCES;
	if (r == 0) {
		*ret_pid = landlock_witness_pid(witness);
		return 0;
	}
	*ret_pid = 0;
	if (r != -EPERM && r != -EACCES)
		return log_error_errno(r, "cannot find out whether it is in a Landlock domain");
	blockers_add(&dump->blockers,
		     "whether it is in a Landlock domain cannot be told (%s): run cr-dump with "
		     "CAP_SETUID and CAP_SETGID, and vm.memfd_noexec below 2",
		     strerror(-r));
	return 0;
}

static int landlock_ask(struct dump *dump, struct process *process, struct thread *thread,
			struct batch *batch, struct questions *questions)
{
	const struct status *status = thread_status(process, thread);
	uint64_t list;
	pid_t pid;
	int r;

	if (!status)
		return -EIO;
	witnesses_wait(dump);
	if (!dump->has_landlock || !is_in_our_namespaces(dump, process))
		return 0;
	r = find_whom(dump, status, &pid);
	if (r < 0 || pid == 0)
		return r;
	questions->addresses[ADDRESS_LIST] = list = batch_data(batch, NULL, 2 * sizeof(uint64_t));
	questions->calls[CALL_LOOK] =
		batch_try(batch, SYS_get_robust_list, (uint64_t)pid, list, list + sizeof(uint64_t));
	return 0;
}

static int landlock_answer(struct dump *dump, struct process *process maybe_unused,
			   struct thread *thread maybe_unused, const struct batch *batch,
			   const struct questions *questions)
{
	int64_t result;

	if (questions->addresses[ADDRESS_LIST] == 0)
		return 0;
	result = batch_result(batch, questions->calls[CALL_LOOK]);
	if (result == -EPERM)
		blockers_add(
			&dump->blockers,
			"is in a Landlock domain (landlock(7)); what it forbids the kernel tells nobody, so "
			"it would come back without it: start it without Landlock");
	else if (result < 0)
		return log_error_errno((int)result, "cannot find out whether it is in a Landlock domain");
	return 0;
}

static int landlock_collect_process(struct dump *dump, struct process *process)
{
	if (process != &dump->processes[0])
		return 0;
	dump->has_landlock = landlock_is_there();
	dump->was_dumpable = prctl(PR_GET_DUMPABLE) == 1;
	return 0;
}

/* Witnesses are made while all the rest is collected. */
static int landlock_collect_thread(struct dump *dump, struct process *process, struct thread *thread)
{
	const struct status *status = thread_status(process, thread);
	int r;

	if (!status)
		return -EIO;
	if (!dump->has_landlock || !is_in_our_namespaces(dump, process) || may_look_at_all(status) ||
	    witness_find(dump, status))
		return 0;
	r = witness_start(dump, status);
	/* Without programs in memory (vm.memfd_noexec) it is refused when it is to be asked. */
	return r < 0 && r != -EACCES
		       ? log_error_errno(r, "cannot find out whether it is in a Landlock domain")
		       : 0;
}

const struct task_dumper landlock_task_dumper = {
	.name = "landlock",
	.collect_process = landlock_collect_process,
	.collect_thread = landlock_collect_thread,
	.ask = landlock_ask,
	.answer = landlock_answer,
};
