/* SPDX-License-Identifier: MIT */
/* What can be set for a cgroup. */
#include "common/cgroup_settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cgroup.h"
#include "common/cleanup.h"
#include "common/file.h"

enum how {
	AS_IT_IS,
	LINE_BY_LINE, /* the kernel takes one device at a time */
	DEVICES,      /* nothing is allowed, and then line by line */
	LINES_NOT_0,  /* the same; a line for what is 0 says nothing */
	FIRST_LINE,   /* the others only tell something; its number is what is set: "oom_kill_disable 1" */
	ENABLE,       /* each word is to be added */
	IF_THREADED,  /* what else it may be follows from the groups around it */
};

struct setting {
	const char *controller; /* "": of all hierarchies of cgroup v1; NULL: of cgroup v2 */
	const char *name;
	const char *initial; /* of a new group; NULL: that may differ */
	enum how how;
};

#define UNLIMITED_BYTES "9223372036854771712"

/* Those of one controller in an order in which each can be set after those before it. */
static const struct setting settings[] = {
	{"", "cgroup.clone_children", NULL, AS_IT_IS},
	{"", "notify_on_release", NULL, AS_IT_IS},
	{"cpuset", "cpuset.cpus", NULL, AS_IT_IS}, /* no task can be in a group without both */
	{"cpuset", "cpuset.mems", NULL, AS_IT_IS},
	{"cpuset", "cpuset.cpu_exclusive", "0", AS_IT_IS},
	{"cpuset", "cpuset.mem_exclusive", "0", AS_IT_IS},
	{"cpuset", "cpuset.mem_hardwall", "0", AS_IT_IS},
	{"cpuset", "cpuset.memory_migrate", "0", AS_IT_IS},
	{"cpuset", "cpuset.memory_spread_page", NULL, AS_IT_IS},
	{"cpuset", "cpuset.memory_spread_slab", NULL, AS_IT_IS},
	{"cpuset", "cpuset.sched_load_balance", "1", AS_IT_IS},
	{"cpuset", "cpuset.sched_relax_domain_level", "-1", AS_IT_IS},
	{"cpu", "cpu.shares", "1024", AS_IT_IS},
	{"cpu", "cpu.cfs_period_us", "100000", AS_IT_IS},
	{"cpu", "cpu.cfs_quota_us", "-1", AS_IT_IS},
	{"cpu", "cpu.cfs_burst_us", "0", AS_IT_IS},
	{"cpu", "cpu.rt_period_us", "1000000", AS_IT_IS},
	{"cpu", "cpu.rt_runtime_us", "0", AS_IT_IS},
	{"cpu", "cpu.idle", "0", AS_IT_IS},
	{"memory", "memory.limit_in_bytes", UNLIMITED_BYTES, AS_IT_IS},
	{"memory", "memory.memsw.limit_in_bytes", UNLIMITED_BYTES, AS_IT_IS},
	{"memory", "memory.soft_limit_in_bytes", UNLIMITED_BYTES, AS_IT_IS},
	{"memory", "memory.kmem.tcp.limit_in_bytes", UNLIMITED_BYTES, AS_IT_IS},
	{"memory", "memory.swappiness", NULL, AS_IT_IS},
	{"memory", "memory.oom_control", "oom_kill_disable 0", FIRST_LINE},
	{"devices", "devices.list", "a *:* rwm", DEVICES},
	{"blkio", "blkio.weight", NULL, AS_IT_IS},
	{"blkio", "blkio.weight_device", "", LINE_BY_LINE},
	{"blkio", "blkio.leaf_weight", NULL, AS_IT_IS},
	{"blkio", "blkio.leaf_weight_device", "", LINE_BY_LINE},
	{"blkio", "blkio.bfq.weight", "100", AS_IT_IS},
	{"blkio", "blkio.bfq.weight_device", "default 100", LINE_BY_LINE},
	{"blkio", "blkio.throttle.read_bps_device", "", LINE_BY_LINE},
	{"blkio", "blkio.throttle.read_iops_device", "", LINE_BY_LINE},
	{"blkio", "blkio.throttle.write_bps_device", "", LINE_BY_LINE},
	{"blkio", "blkio.throttle.write_iops_device", "", LINE_BY_LINE},
	{"net_cls", "net_cls.classid", "0", AS_IT_IS},
	{"net_prio", "net_prio.ifpriomap", "", LINES_NOT_0},
	{"pids", "pids.max", "max", AS_IT_IS},
	{"hugetlb", "hugetlb.2MB.limit_in_bytes", NULL, AS_IT_IS},
	{"hugetlb", "hugetlb.1GB.limit_in_bytes", NULL, AS_IT_IS},
	{"rdma", "rdma.max", NULL, LINE_BY_LINE},
	{NULL, "cgroup.type", "domain", IF_THREADED},
	{NULL, "cgroup.max.depth", "max", AS_IT_IS},
	{NULL, "cgroup.max.descendants", "max", AS_IT_IS},
	{NULL, "cgroup.pressure", "1", AS_IT_IS},
	{NULL, "cpuset.cpus", "", AS_IT_IS},
	{NULL, "cpuset.mems", "", AS_IT_IS},
	{NULL, "cpuset.cpus.exclusive", "", AS_IT_IS},
	{NULL, "cpuset.cpus.partition", "member", AS_IT_IS},
	{NULL, "cpu.weight", "100", AS_IT_IS},
	{NULL, "cpu.max", "max 100000", AS_IT_IS},
	{NULL, "cpu.max.burst", "0", AS_IT_IS},
	{NULL, "cpu.idle", "0", AS_IT_IS},
	{NULL, "cpu.uclamp.min", "0.00", AS_IT_IS},
	{NULL, "cpu.uclamp.max", "max", AS_IT_IS},
	{NULL, "memory.min", "0", AS_IT_IS},
	{NULL, "memory.low", "0", AS_IT_IS},
	{NULL, "memory.high", "max", AS_IT_IS},
	{NULL, "memory.max", "max", AS_IT_IS},
	{NULL, "memory.swap.high", "max", AS_IT_IS},
	{NULL, "memory.swap.max", "max", AS_IT_IS},
	{NULL, "memory.zswap.max", "max", AS_IT_IS},
	{NULL, "memory.zswap.writeback", "1", AS_IT_IS},
	{NULL, "memory.oom.group", "0", AS_IT_IS},
	{NULL, "io.weight", "default 100", LINE_BY_LINE},
	{NULL, "io.bfq.weight", "default 100", LINE_BY_LINE},
	{NULL, "io.max", "", LINE_BY_LINE},
	{NULL, "io.latency", "", LINE_BY_LINE},
	{NULL, "io.prio.class", "no-change", AS_IT_IS},
	{NULL, "pids.max", "max", AS_IT_IS},
	{NULL, "hugetlb.2MB.max", "max", AS_IT_IS},
	{NULL, "hugetlb.2MB.rsvd.max", "max", AS_IT_IS},
	{NULL, "hugetlb.1GB.max", "max", AS_IT_IS},
	{NULL, "hugetlb.1GB.rsvd.max", "max", AS_IT_IS},
	{NULL, "rdma.max", "", LINE_BY_LINE},
	{NULL, "misc.max", "", LINE_BY_LINE},
	{NULL, "cgroup.subtree_control", "", ENABLE}, /* for the groups below it */
};

static bool has_controller(const char *controllers, const char *controller)
{
	size_t size = strlen(controller);

	for (const char *at = controllers; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, controller, size) == 0 && (at[size] == ',' || at[size] == '\0'))
			return true;
	}
	return false;
}

static bool is_possible(const struct setting *setting, const char *controllers)
{
	if (!controllers[0] || !setting->controller)
		return !controllers[0] && !setting->controller;
	return !setting->controller[0] || has_controller(controllers, setting->controller);
}

/* Takes out what ends with " 0". */
static void drop_zeros(char *lines)
{
	char *to = lines, *next;

	for (char *line = lines; *line; line = next) {
		size_t size = strcspn(line, "\n");

		next = line + size + (line[size] == '\n');
		if (size >= 2 && strncmp(line + size - 2, " 0", 2) == 0)
			continue;
		memmove(to, line, (size_t)(next - line));
		to += next - line;
	}
	*to = '\0';
}

static void cut_end(char *text)
{
	size_t size = strlen(text);

	while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == ' '))
		text[--size] = '\0';
}

/* What can be set of what it holds. -ENOENT if there is no such file. */
static int read_setting(int group_fd, const struct setting *setting, char **ret_text)
{
	int r = file_read_at(group_fd, setting->name, CGROUP_SETTING_SIZE_MAX, ret_text, NULL);

	/* What is there but means nothing to this group, or this kernel. */
	if (r == -EOPNOTSUPP || r == -EINVAL || r == -ENODEV)
		return -ENOENT;
	if (r < 0)
		return r;
	if (setting->how == FIRST_LINE)
		(*ret_text)[strcspn(*ret_text, "\n")] = '\0';
	if (setting->how == LINES_NOT_0)
		drop_zeros(*ret_text);
	cut_end(*ret_text);
	return 0;
}

int cgroup_settings_read(int group_fd, const char *controllers,
			 int (*take)(void *context, const char *name, const char *value), void *context)
{
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		const struct setting *setting = &settings[i];
		cleanup_free char *text = NULL;
		int r;

		if (!is_possible(setting, controllers))
			continue;
		r = read_setting(group_fd, setting, &text);
		if (r == -ENOENT)
			continue;
		if (r < 0)
			return r;
		if ((setting->initial && strcmp(text, setting->initial) == 0) ||
		    (setting->how == IF_THREADED && strcmp(text, "threaded") != 0))
			continue;
		r = take(context, setting->name, text);
		if (r != 0)
			return r;
	}
	return 0;
}

static int write_lines(int group_fd, const char *name, const char *value)
{
	cleanup_free char *lines = strdup(value);
	char *rest = NULL;
	int r = lines ? 0 : -ENOMEM;

	if (r < 0)
		return r;
	for (char *line = strtok_r(lines, "\n", &rest); r == 0 && line; line = strtok_r(NULL, "\n", &rest))
		r = file_write_at(group_fd, name, line);
	return r;
}

static int write_devices(int group_fd, const char *value)
{
	int r = file_write_at(group_fd, "devices.deny", "a");

	return r < 0 ? r : write_lines(group_fd, "devices.allow", value);
}

static int write_first_number(int group_fd, const char *name, const char *value)
{
	size_t digit = strcspn(value, "0123456789");
	char text[] = {value[digit], '\0'};

	return file_write_at(group_fd, name, text);
}

/* Each by itself: of what this kernel does not have, the others do not suffer. */
static int enable_words(int group_fd, const char *name, const char *value)
{
	cleanup_free char *words = strdup(value);
	char *rest = NULL;
	int result = words ? 0 : -ENOMEM;

	for (char *word = result < 0 ? NULL : strtok_r(words, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest)) {
		cleanup_free char *text = string_format("+%s", word);
		int r = text ? file_write_at(group_fd, name, text) : -ENOMEM;

		if (result == 0)
			result = r;
	}
	return result;
}

static const struct setting *find_setting(const char *controllers, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		if (strcmp(settings[i].name, name) == 0 && is_possible(&settings[i], controllers))
			return &settings[i];
	return NULL;
}

int cgroup_setting_write(int group_fd, const char *controllers, const char *name, const char *value)
{
	const struct setting *setting = find_setting(controllers, name);
	cleanup_free char *text = NULL;
	int r;

	if (!setting)
		return -ENOTSUP;
	r = read_setting(group_fd, setting, &text);
	if (r < 0)
		return r;
	if (strcmp(text, value) == 0)
		return 0;
	switch (setting->how) {
	case AS_IT_IS:
	case IF_THREADED:
		return file_write_at(group_fd, name, value);
	case LINE_BY_LINE:
	case LINES_NOT_0:
		return write_lines(group_fd, name, value);
	case DEVICES:
		return write_devices(group_fd, value);
	case FIRST_LINE:
		return write_first_number(group_fd, name, value);
	case ENABLE:
		return enable_words(group_fd, name, value);
	}
	return -ENOTSUP;
}
