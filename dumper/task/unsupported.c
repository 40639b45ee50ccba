/* SPDX-License-Identifier: MIT */
/* States of a process and its threads that cannot be preserved yet: each is a blocker by name. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/kcmp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/arch/x86_64/segments.h"
#include "common/cleanup.h"
#include "common/log.h"
#include "dumper/task/task_dumper.h"
#include "dumper/task/thread_status.h"

/* Linux 5.14. */
#define CR_PR_SCHED_CORE 62
#define CR_PR_SCHED_CORE_GET 0

enum { ADDRESS_LDT };
enum { CALL_LDT };

static const char *const namespace_words[NS_LINK_COUNT] = {
	[NS_LINK_CGROUP] = "cgroup", [NS_LINK_IPC] = "IPC",
	[NS_LINK_MNT] = "mount",     [NS_LINK_NET] = "network",
	[NS_LINK_PID] = "pid",       [NS_LINK_PID_FOR_CHILDREN] = "pid (for its children)",
	[NS_LINK_USER] = "user",     [NS_LINK_UTS] = "UTS",
};

/* It may be another one than ours, if all have the same. */
static void time_namespace_check(struct dump *dump, const struct ns_links *links)
{
	uint64_t inode = links->inodes[NS_LINK_TIME], for_children = links->inodes[NS_LINK_TIME_FOR_CHILDREN];

	if (dump->time_namespace == 0)
		dump->time_namespace = inode;
	if (inode != dump->time_namespace)
		blockers_add(&dump->blockers,
			     "is in another time namespace than the first process of the tree (time:[%" PRIu64
			     "], not [%" PRIu64 "]), which cannot be preserved yet",
			     inode, dump->time_namespace);
	if (for_children != inode)
		blockers_add(&dump->blockers,
			     "has made a time namespace for its children (time_for_children:[%" PRIu64
			     "], not [%" PRIu64 "]), which cannot be preserved yet",
			     for_children, inode);
}

/* What a thread shares with the leader has been looked at there; whether it does, sharing_check() tells. */
static int namespaces_check(struct dump *dump, struct process *process, const struct thread *thread)
{
	bool is_leader = thread == &process->threads[0];
	struct ns_links links = process->namespaces;
	int r = ns_links_read(thread->proc_fd,
			      is_leader || !dump->features.has_kcmp ? NS_LINKS_ALL : NS_LINKS_OF_THREAD,
			      &links);

	if (r < 0)
		return log_error_errno(r, "cannot look at its namespaces");
	if (is_leader)
		process->namespaces = links;
	for (unsigned i = 0; i < NS_LINK_COUNT; i++) {
		/* That of a thread and of its children differ only by unshare(2); one line is enough. */
		bool is_told = i == NS_LINK_PID_FOR_CHILDREN && links.inodes[i] == links.inodes[NS_LINK_PID];

		if (i != NS_LINK_TIME && i != NS_LINK_TIME_FOR_CHILDREN && !is_told &&
		    links.inodes[i] != dump->own.namespaces.inodes[i])
			blockers_add(&dump->blockers,
				     "is in another %s namespace than cr-dump (%s:[%" PRIu64
				     "], not [%" PRIu64 "]); cr-dump must be run inside it, with the "
				     "number that it has there: nsenter -t %d -a cr-dump -t ...",
				     namespace_words[i], ns_link_name(i), links.inodes[i],
				     dump->own.namespaces.inodes[i], thread->tracee.tid);
	}
	time_namespace_check(dump, &links);
	return 0;
}

static void mitigation_check(struct dump *dump, const char *name, const char *theirs, const char *ours)
{
	if (strcmp(theirs, ours) != 0)
		blockers_add(&dump->blockers,
			     "has the speculation control '%s' set to '%s' (cr-dump: '%s'), which cannot be "
			     "preserved yet",
			     name, theirs, ours);
}

static void status_check(struct dump *dump, const struct status *theirs, const struct status *ours)
{
	if (strstr(theirs->x86_features, "shstk"))
		blockers_add(&dump->blockers,
			     "has a shadow stack enabled, which cannot be preserved yet: start it with "
			     "GLIBC_TUNABLES=glibc.cpu.x86_shstk=off");
	mitigation_check(dump, "Speculation_Store_Bypass", theirs->speculation_store_bypass,
			 ours->speculation_store_bypass);
	mitigation_check(dump, "SpeculationIndirectBranch", theirs->speculation_indirect_branch,
			 ours->speculation_indirect_branch);
}

static void label_check(struct dump *dump, const struct thread *thread)
{
	cleanup_free char *theirs = dump->own.label ? proc_read_label(thread->proc_fd) : NULL;

	if (theirs && theirs[0] && strcmp(theirs, dump->own.label) != 0)
		blockers_add(&dump->blockers,
			     "has the security label '%s' (cr-dump: '%s'), which cannot be preserved yet",
			     theirs, dump->own.label);
}

static void core_cookie_check(struct dump *dump, const struct thread *thread)
{
	uint64_t cookie = 0;

	if (prctl(CR_PR_SCHED_CORE, CR_PR_SCHED_CORE_GET, thread->tracee.tid, 0, &cookie) == 0 && cookie != 0)
		blockers_add(&dump->blockers,
			     "has a core scheduling cookie (PR_SCHED_CORE), which cannot be preserved yet");
}

/* Threads may have unshared what threads share. */
static void sharing_check(struct dump *dump, const struct process *process, const struct thread *thread)
{
	static const struct {
		int type;
		const char *what;
	} shared[] = {
		{KCMP_FILES, "a table of open files"},
		{KCMP_FS, "a working directory, root and umask"},
	};
	pid_t leader = process->threads[0].tracee.tid;

	if (!dump->features.has_kcmp || thread == &process->threads[0])
		return;
	for (size_t i = 0; i < ARRAY_SIZE(shared); i++)
		if (syscall(SYS_kcmp, leader, thread->tracee.tid, shared[i].type, 0, 0) > 0)
			blockers_add(&dump->blockers,
				     "has %s of its own, apart from the other threads, which cannot be "
				     "preserved yet",
				     shared[i].what);
}

static int machine_check(struct dump *dump, const struct thread *thread)
{
	int dispatch = tracee_has_syscall_dispatch(&thread->tracee);
	int areas = segments_has_thread_area(thread->tracee.tid);
	int ports = segments_has_io_ports(thread->tracee.tid);

	if (dispatch < 0)
		return log_error_errno(dispatch, "cannot tell whether it has syscall user dispatch");
	if (areas < 0)
		return log_error_errno(areas, "cannot read its TLS descriptors");
	if (ports < 0)
		return log_error_errno(ports, "cannot read its I/O port permissions");
	if (dispatch > 0)
		blockers_add(&dump->blockers,
			     "has syscall user dispatch enabled, which cannot be preserved yet");
	if (areas > 0)
		blockers_add(&dump->blockers,
			     "has TLS descriptors of set_thread_area(2), which cannot be preserved yet");
	if (ports > 0)
		blockers_add(&dump->blockers, "has I/O ports opened by ioperm(2), which belong to this host");
	return 0;
}

static int unsupported_collect_process(struct dump *dump, struct process *process)
{
	/* It could not even be ended from inside (pid_namespaces(7)). */
	if (process->threads[0].tracee.tid == 1)
		blockers_add(&dump->blockers,
			     "is the init of its pid namespace: no other process can have the id "
			     "1, so it could not be restored");
	for (size_t i = 0; i < process->threads_count; i++) {
		const struct status *status = thread_status(process, &process->threads[i]);

		if (!status)
			return -EIO;
		status_check(dump, status, &dump->own.status);
	}
	return 0;
}

static int unsupported_collect_thread(struct dump *dump, struct process *process, struct thread *thread)
{
	int r = namespaces_check(dump, process, thread);

	if (r < 0)
		return r;
	label_check(dump, thread);
	core_cookie_check(dump, thread);
	sharing_check(dump, process, thread);
	return machine_check(dump, thread);
}

static int unsupported_ask(struct dump *dump maybe_unused, struct process *process, struct thread *thread,
			   struct batch *batch, struct questions *questions)
{
	if (thread != &process->threads[0])
		return 0;
	questions->addresses[ADDRESS_LDT] = batch_data(batch, NULL, sizeof(uint64_t));
	questions->calls[CALL_LDT] =
		batch_try(batch, SYS_modify_ldt, 0, questions->addresses[ADDRESS_LDT], sizeof(uint64_t));
	return 0;
}

static int unsupported_answer(struct dump *dump, struct process *process, struct thread *thread,
			      const struct batch *batch, const struct questions *questions)
{
	if (thread != &process->threads[0])
		return 0;
	/* This call returns an int, not extended: the kernel without it has -ENOSYS. */
	if ((int32_t)batch_result(batch, questions->calls[CALL_LDT]) > 0)
		blockers_add(&dump->blockers,
			     "has a local descriptor table (modify_ldt(2)), which cannot be preserved yet");
	return 0;
}

const struct task_dumper unsupported_task_dumper = {
	.name = "unsupported",
	.collect_process = unsupported_collect_process,
	.collect_thread = unsupported_collect_thread,
	.ask = unsupported_ask,
	.answer = unsupported_answer,
};
