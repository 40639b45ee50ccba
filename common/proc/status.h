/* SPDX-License-Identifier: MIT */
/* The human-readable state of a task: /proc/PID/status (proc_pid_status(5)). */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "common/compiler.h"
#include "common/proc/proc_dir.h"

/* Levels of pid namespaces (MAX_PID_NS_LEVEL), one more for the outermost. */
#define STATUS_NS_LEVELS_MAX 33

/* NGROUPS_MAX of the kernel. */
#define STATUS_GROUPS_MAX 65536

/* One number for each pid namespace from the reader's down to the task's own. */
struct status_ns_ids {
	int32_t ids[STATUS_NS_LEVELS_MAX];
	size_t count;
};

/* Of the memory of a process, in bytes. All 0 if it has none (kernel thread, zombie): see has_memory. */
struct status_memory {
	uint64_t peak, size, locked, pinned, high_water, rss, rss_anonymous, rss_file, rss_shmem;
	uint64_t data, stack, exe, lib, page_tables, swap, hugetlb;
};

/* What a kernel does not tell keeps the value given at the field, or 0, false, "". */
struct status {
	char name[PROC_COMM_SIZE]; /* unescaped: any byte is possible */
	bool has_umask;
	uint32_t umask;
	char state; /* R S D T t Z X I ... */
	int32_t tgid, numa_group, pid, ppid, tracer_pid;
	uint32_t uids[4], gids[4]; /* real, effective, saved, file system */
	uint64_t fd_table_size;
	uint32_t *groups; /* supplementary, owned */
	size_t groups_count;
	size_t groups_capacity;
	struct status_ns_ids ns_tgids, ns_pids, ns_pgids, ns_sids;
	bool is_kernel_thread; /* since Linux 6.8 */
	bool has_memory;
	struct status_memory memory;
	bool is_core_dumping;
	bool has_thp_enabled;
	bool thp_enabled; /* false: prctl(PR_SET_THP_DISABLE) */
	uint64_t threads_count;
	uint64_t queued_signals, queued_signals_limit;              /* of the real user, not of this task */
	uint64_t pending, shared_pending, blocked, ignored, caught; /* bit N-1 is signal N */
	uint64_t cap_inheritable, cap_permitted, cap_effective, cap_bounding, cap_ambient;
	bool no_new_privs;
	uint32_t seccomp_mode; /* 0 off, 1 strict, 2 filter */
	uint32_t seccomp_filters_count;
	char speculation_store_bypass[48];
	char speculation_indirect_branch[48];
	char *cpus_allowed; /* hexadecimal mask, groups of 32 bits with commas, as the kernel wrote it; owned,
			       or NULL */
	char x86_features[64]; /* x86_Thread_features: "shstk wrss" */
	char x86_features_locked[64];
	uint64_t voluntary_switches, involuntary_switches;
};

/* -EBADMSG unless Name, State, Tgid, Pid, PPid, Uid and Gid are there and all that is known can be read. */
int must_check status_parse(const char *text, size_t size, struct status *ret);

/* PROC_FD may be a thread's. */
int must_check status_read(int proc_fd, struct status *ret);

void status_done(struct status *status);
