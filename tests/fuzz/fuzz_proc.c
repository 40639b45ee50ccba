/* SPDX-License-Identifier: MIT */
/* Feeds the parsers of /proc: the first byte chooses one, the rest is the text of the file. */
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/proc/auxv.h"
#include "common/proc/fdinfo.h"
#include "common/proc/limits.h"
#include "common/proc/locks.h"
#include "common/proc/maps.h"
#include "common/proc/cgroup_list.h"
#include "common/proc/mount_points.h"
#include "common/proc/ns_links.h"
#include "common/proc/raw_sockets.h"
#include "common/proc/sched.h"
#include "common/proc/stat.h"
#include "common/proc/status.h"
#include "common/proc/timers.h"

static void fuzz_cgroups(char parser, const char *text, size_t size)
{
	struct cursor cursor = CURSOR(text, size);
	struct cgroup_line line;
	static struct cgroup_mount mount;

	while (parser == 'g' && cgroup_list_next(&cursor, &line) > 0)
		if (line.path.end - line.path.at > PATH_MAX || *line.path.at != '/')
			abort();
	while (parser == 'G' && cgroup_mount_next(&cursor, "cpu", &mount) > 0)
		if (strnlen(mount.path, PATH_MAX) >= PATH_MAX || strnlen(mount.root, PATH_MAX) >= PATH_MAX)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_owning(char parser, const char *text, size_t size)
{
	cleanup_(vma_list_done) struct vma_list maps = {0};
	cleanup_(status_done) struct status status = {0};
	cleanup_(fdinfo_done) struct fdinfo fdinfo = {0};
	cleanup_(timer_list_done) struct timer_list timers = {0};
	cleanup_(file_lock_list_done) struct file_lock_list locks = {0};
	cleanup_(raw_socket_list_done) struct raw_socket_list raw = {0};
	uint64_t value;

	if (parser == 'm' && vma_list_parse(text, size, &maps) == 0) {
		for (size_t i = 0; i < maps.vmas_count; i++) {
			if (vma_list_find(&maps, maps.vmas[i].start) != &maps.vmas[i])
				abort();
			if (maps.vmas[i].name && strlen(maps.vmas[i].name) > size)
				abort();
		}
	}
	if (parser == 's' && status_parse(text, size, &status) == 0 &&
	    strlen(status.name) >= sizeof(status.name))
		abort();
	if (parser == 'f' && fdinfo_parse(text, size, &fdinfo) == 0) {
		for (size_t i = 0; i < fdinfo.entries_count; i++) {
			if (!fdinfo_get(&fdinfo, fdinfo.entries[i].key))
				abort();
			(void)!fdinfo_get_u64(&fdinfo, fdinfo.entries[i].key, 16, &value);
		}
	}
	if (parser == 'k' && file_lock_list_parse(text, size, &locks) == 0) {
		for (size_t i = 0; i < locks.locks_count; i++)
			if (locks.locks[i].start > locks.locks[i].end || locks.locks[i].end > FILE_LOCK_END)
				abort();
	}
	if (parser == 'r' || parser == 'R')
		(void)!raw_socket_list_parse(text, size, parser == 'r' ? AF_INET : AF_INET6, &raw);
	if (parser == 't')
		(void)!timer_list_parse(text, size, &timers);
}

static void fuzz_plain(char parser, const char *text, size_t size)
{
	struct stat_info stat;
	struct limits limits;
	struct sched_info sched;
	struct auxv auxv;
	uint64_t value;

	if (parser == '1' && stat_parse(text, size, &stat) == 0 && strlen(stat.comm) >= sizeof(stat.comm))
		abort();
	if (parser == 'l')
		(void)!limits_parse(text, size, &limits);
	if (parser == 'c')
		(void)!sched_parse(text, size, &sched);
	if (parser == 'n')
		(void)!ns_link_parse(text, size, NS_LINK_PID_FOR_CHILDREN, &value);
	if (parser == 'a' && auxv_parse(text, size, &auxv) == 0)
		auxv_get(&auxv, 33, &value);
}

static void fuzz_mount_points(const char *text, size_t size)
{
	struct cursor cursor = CURSOR(text, size);
	char path[PATH_MAX];

	while (mount_points_next(&cursor, 254, 0, path) > 0)
		if (strnlen(path, PATH_MAX) >= PATH_MAX)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	fuzz_owning((char)data[0], (const char *)data + 1, size - 1);
	fuzz_plain((char)data[0], (const char *)data + 1, size - 1);
	fuzz_cgroups((char)data[0], (const char *)data + 1, size - 1);
	if (data[0] == 'p')
		fuzz_mount_points((const char *)data + 1, size - 1);
	return 0;
}
