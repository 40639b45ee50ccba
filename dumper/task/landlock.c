/* SPDX-License-Identifier: MIT */
/* Landlock domains, which cannot be preserved: what they forbid cannot be asked for. */
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/landlock.h"
#include "common/log.h"
#include "common/vector.h"
#include "dumper/task/task_dumper.h"
#include "dumper/task/thread_status.h"

enum { CALL_LOOK };
enum { ADDRESS_LIST }; /* 0: it was not asked */

/* A process that threads without CAP_SYS_PTRACE may look at, see common/landlock.h. */
struct landlock_witness {
	uid_t uid;
	gid_t gid;
	pid_t pid;
};

void landlock_witnesses_done(struct dump *dump)
{
	for (size_t i = 0; i < dump->landlock_witnesses_count; i++)
		landlock_witness_end(dump->landlock_witnesses[i].pid);
	free(dump->landlock_witnesses);
}

static int witness_find(struct dump *dump, uid_t uid, gid_t gid, pid_t *ret_pid)
{
	struct landlock_witness *witness;
	pid_t pid;
	int r;

	for (size_t i = 0; i < dump->landlock_witnesses_count; i++) {
		witness = &dump->landlock_witnesses[i];
		if (witness->uid == uid && witness->gid == gid) {
			*ret_pid = witness->pid;
			return 0;
		}
	}
	r = landlock_witness_make(uid, gid, &pid);
	if (r < 0)
		return r;
	witness = vector_append(dump, landlock_witnesses);
	if (!witness) {
		landlock_witness_end(pid);
		return -ENOMEM;
	}
	*witness = (struct landlock_witness){.uid = uid, .gid = gid, .pid = pid};
	*ret_pid = pid;
	return 0;
}

/* The ids of another namespace are not ours; such a process is refused anyway. */
static bool is_in_our_namespaces(const struct dump *dump, const struct process *process)
{
	const uint64_t *theirs = process->namespaces.inodes, *ours = dump->own.namespaces.inodes;

	return theirs[NS_LINK_PID] == ours[NS_LINK_PID] && theirs[NS_LINK_USER] == ours[NS_LINK_USER];
}

static int landlock_ask(struct dump *dump, struct process *process, struct thread *thread,
			struct batch *batch, struct questions *questions)
{
	const struct status *status = thread_status(process, thread);
	pid_t pid = getpid();
	uint64_t list;
	int r;

	if (!status)
		return -EIO;
	if (!dump->has_landlock || !is_in_our_namespaces(dump, process))
		return 0;
	if (!(status->cap_effective & UINT64_C(1) << CAP_SYS_PTRACE)) {
		r = witness_find(dump, status->uids[0], status->gids[0], &pid);
		if (r == -EPERM || r == -EACCES) {
			blockers_add(
				&dump->blockers,
				"whether it is in a Landlock domain cannot be told (%s): run cr-dump with "
				"CAP_SETUID and CAP_SETGID, and vm.memfd_noexec below 2",
				strerror(-r));
			return 0;
		}
		if (r < 0)
			return log_error_errno(r, "cannot find out whether it is in a Landlock domain");
	}
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
	if (process == &dump->processes[0])
		dump->has_landlock = landlock_is_there();
	return 0;
}

const struct task_dumper landlock_task_dumper = {
	.name = "landlock",
	.collect_process = landlock_collect_process,
	.ask = landlock_ask,
	.answer = landlock_answer,
};
