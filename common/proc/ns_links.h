/* SPDX-License-Identifier: MIT */
/* The namespaces of a task: the links in /proc/PID/ns (namespaces(7)). */
#pragma once

#include "common/compiler.h"

enum ns_link {
	NS_LINK_CGROUP,
	NS_LINK_IPC,
	NS_LINK_MNT,
	NS_LINK_NET,
	NS_LINK_PID,
	NS_LINK_PID_FOR_CHILDREN,
	NS_LINK_TIME,
	NS_LINK_TIME_FOR_CHILDREN,
	NS_LINK_USER,
	NS_LINK_UTS,
	NS_LINK_COUNT,
};

struct ns_links {
	/* By enum ns_link. 0 where there is none: a kernel without it, or a pid namespace that waits for its
	 * init. */
	uint64_t inodes[NS_LINK_COUNT];
};

/* "pid_for_children": the name of the link. */
const char *ns_link_name(enum ns_link link);

/* "pid:[4026531836]", what the link leads to; the type must be that of LINK. */
int must_check ns_link_parse(const char *text, size_t size, enum ns_link link, uint64_t *ret_inode);

#define NS_LINK_BIT(link) (UINT32_C(1) << (link))
#define NS_LINKS_ALL (NS_LINK_BIT(NS_LINK_COUNT) - 1)
/*
 * Those in which a thread may differ from the other threads of its process, with which it shares its root and
 * working directory: unshare(2) and setns(2) change that of users, and that of time, for a process with one
 * thread only, that of mounts for a thread only that shares no directories, and that of pids never.
 */
#define NS_LINKS_OF_THREAD                                                                                   \
	(NS_LINK_BIT(NS_LINK_CGROUP) | NS_LINK_BIT(NS_LINK_IPC) | NS_LINK_BIT(NS_LINK_NET) |                 \
	 NS_LINK_BIT(NS_LINK_PID_FOR_CHILDREN) | NS_LINK_BIT(NS_LINK_TIME_FOR_CHILDREN) |                    \
	 NS_LINK_BIT(NS_LINK_UTS))

/* Those of WANTED, NS_LINK_BIT each; the others are left alone. -EACCES without ptrace access to the task.
 * PROC_FD may be a thread's. */
int must_check ns_links_read(int proc_fd, uint32_t wanted, struct ns_links *namespaces);
