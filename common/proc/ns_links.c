/* SPDX-License-Identifier: MIT */
/* The namespaces of a task. */
#include "common/proc/ns_links.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/proc/cursor.h"

static const struct {
	const char *name;
	const char *prefix;
} links[NS_LINK_COUNT] = {
	[NS_LINK_CGROUP] = {"cgroup", "cgroup:["},
	[NS_LINK_IPC] = {"ipc", "ipc:["},
	[NS_LINK_MNT] = {"mnt", "mnt:["},
	[NS_LINK_NET] = {"net", "net:["},
	[NS_LINK_PID] = {"pid", "pid:["},
	[NS_LINK_PID_FOR_CHILDREN] = {"pid_for_children", "pid:["},
	[NS_LINK_TIME] = {"time", "time:["},
	[NS_LINK_TIME_FOR_CHILDREN] = {"time_for_children", "time:["},
	[NS_LINK_USER] = {"user", "user:["},
	[NS_LINK_UTS] = {"uts", "uts:["},
};

const char *ns_link_name(enum ns_link link)
{
	return links[link].name;
}

int ns_link_parse(const char *text, size_t size, enum ns_link link, uint64_t *ret_inode)
{
	struct cursor cursor = CURSOR(text, size);
	uint64_t inode;

	if (!cursor_skip(&cursor, links[link].prefix) || cursor_u64(&cursor, 10, &inode) < 0 ||
	    !cursor_skip(&cursor, "]") || !cursor_is_empty(&cursor))
		return -EBADMSG;
	*ret_inode = inode;
	return 0;
}

int ns_links_read(int proc_fd, uint32_t wanted, struct ns_links *namespaces)
{
	struct ns_links result = *namespaces;

	for (enum ns_link i = 0; i < NS_LINK_COUNT; i++) {
		cleanup_free char *target = NULL;
		char path[32];
		int r;

		if (!(wanted & NS_LINK_BIT(i)))
			continue;
		result.inodes[i] = 0;
		snprintf(path, sizeof(path), "ns/%s", links[i].name);
		r = file_readlink_at(proc_fd, path, &target);
		if (r == -ENOENT)
			continue;
		if (r < 0)
			return r;
		r = ns_link_parse(target, strlen(target), i, &result.inodes[i]);
		if (r < 0)
			return r;
	}
	*namespaces = result;
	return 0;
}
