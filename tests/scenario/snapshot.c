/* SPDX-License-Identifier: MIT */
/* Snapshots of a process from /proc. */
#include "snapshot_parts.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "common/file.h"
#include "common/proc/proc_dir.h"
#include "common/proc/stat.h"
#include "common/vector.h"
#include "snapshot_socket.h"

#define FILE_LIMIT (64UL << 20)

static const char *const status_keys[] = {
	"Name",         "Umask",
	"Uid",          "Gid",
	"Groups",       "NStgid",
	"NSpid",        "VmLck",
	"VmPin",        "SigPnd",
	"ShdPnd",       "SigBlk",
	"SigIgn",       "SigCgt",
	"CapInh",       "CapPrm",
	"CapEff",       "CapBnd",
	"CapAmb",       "NoNewPrivs",
	"Seccomp",      "Seccomp_filters",
	"THP_enabled",  "Cpus_allowed",
	"Mems_allowed", "x86_Thread_features",
};

/* Fields of /proc/PID/stat by their number in proc(5). */
static const struct {
	unsigned int number;
	const char *name;
} stat_fields[] = {
	{5, "pgrp"},         {6, "session"},      {7, "tty_nr"},     {8, "tpgid"},       {18, "priority"},
	{19, "nice"},        {25, "rsslim"},      {26, "startcode"}, {27, "endcode"},    {28, "startstack"},
	{38, "exit_signal"}, {40, "rt_priority"}, {41, "policy"},    {45, "start_data"}, {46, "end_data"},
	{47, "start_brk"},   {48, "arg_start"},   {49, "arg_end"},   {50, "env_start"},  {51, "env_end"},
	{52, "exit_code"},
};

/* Of /proc/PID/fdinfo, what goes on by itself or numbers something that is made anew. */
static const char *const changing_fdinfo_keys[] = {
	"mnt_id",   "eventfd-id", "map_id", /* bpf(2) */
	"it_value", "ticks",
};

void snapshot_free(struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->lines_count; i++)
		free(snapshot->lines[i]);
	free(snapshot->lines);
	free(snapshot->deleted);
	for (size_t i = 0; i < snapshot->fds_count; i++)
		free(snapshot->fds[i].target);
	free(snapshot->fds);
	free(snapshot);
}

int snapshot_add_line(struct snapshot *snapshot, const char *format, ...)
{
	char *text = NULL, **slot;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0)
		return -ENOMEM;
	slot = vector_append(snapshot, lines);
	if (!slot) {
		free(text);
		return -ENOMEM;
	}
	*slot = text;
	return 0;
}

/* DATA as printable text: other bytes and backslashes as \xNN. */
static char *escape(const char *data, size_t size)
{
	char *text = malloc(size * 4 + 1), *out = text;

	if (!text)
		return NULL;
	for (size_t i = 0; i < size; i++) {
		unsigned char byte = (unsigned char)data[i];

		if (isprint(byte) && byte != '\\')
			*out++ = (char)byte;
		else
			out += sprintf(out, "\\x%02x", byte);
	}
	*out = '\0';
	return text;
}

static bool is_deleted(const char *target)
{
	static const char suffix[] = " (deleted)";
	size_t length = strlen(target);

	return length >= sizeof(suffix) && strcmp(target + length - sizeof(suffix) + 1, suffix) == 0;
}

static bool has_new_inode(const char *target)
{
	return is_deleted(target) || strcmp(target, "anon_inode:[pidfd]") == 0 ||
	       strcmp(target, "anon_inode:[io_uring]") == 0 ||
	       strncmp(target, "/proc/", strlen("/proc/")) == 0;
}

/* Such a file is another one after a restore: what counts is which are the same. */
static int number_deleted(struct snapshot *snapshot, unsigned long inode, unsigned long *ret_number)
{
	unsigned long *slot;

	for (size_t i = 0; i < snapshot->deleted_count; i++)
		if (snapshot->deleted[i] == inode) {
			*ret_number = i + 1;
			return 0;
		}
	slot = vector_append(snapshot, deleted);
	if (!slot)
		return -ENOMEM;
	*slot = inode;
	*ret_number = snapshot->deleted_count;
	return 0;
}

/* Other numbers may be the same by chance. */
static bool is_place_of_inode(const char *line, const char *at)
{
	static const char key[] = "ino:\t";
	size_t before = (size_t)(at - line);

	if (before > 0 && strchr("#:", at[-1])) /* "#INODE (deleted)", and in a lock */
		return true;
	if (before >= strlen(key) && memcmp(at - strlen(key), key, strlen(key)) == 0)
		return true;
	return before > 0 && strchr(" [", at[-1]) && strstr(line, "/maps: ");
}

/* Writes "deleted file N" for INODE wherever it stands in LINE, which is owned. */
static int replace_inode(char **line, unsigned long inode, unsigned long number)
{
	char digits[32];
	size_t length = (size_t)sprintf(digits, "%lu", inode);
	char *at = *line;

	while ((at = strstr(at, digits))) {
		ptrdiff_t before = at - *line;
		char *replaced;

		if (!is_place_of_inode(*line, at) || isdigit((unsigned char)at[length])) {
			at += length;
			continue;
		}
		replaced = string_format("%.*s(deleted file %lu)%s", (int)before, *line, number, at + length);
		if (!replaced)
			return -ENOMEM;
		free(*line);
		*line = replaced;
		at = strchr(replaced + before, ')');
	}
	return 0;
}

static int replace_deleted(struct snapshot *snapshot, size_t first_line, unsigned long inode)
{
	unsigned long number = 0;
	int r = number_deleted(snapshot, inode, &number);

	for (size_t i = first_line; r == 0 && i < snapshot->lines_count; i++)
		r = replace_inode(&snapshot->lines[i], inode, number);
	return r;
}

static int add_link(struct snapshot *snapshot, const char *directory, const char *name)
{
	cleanup_free char *path = string_format("%s/%s", directory, name);
	cleanup_free char *target = NULL, *escaped = NULL;
	int r;

	if (!path)
		return -ENOMEM;
	r = file_readlink_at(AT_FDCWD, path, &target);
	if (r == -ENAMETOOLONG) /* a cwd deeper than PATH_MAX */
		return snapshot_add_line(snapshot, "%s: (too long)", path);
	if (r < 0)
		return r;
	escaped = escape(target, strlen(target));
	return escaped ? snapshot_add_line(snapshot, "%s: %s", path, escaped) : -ENOMEM;
}

/* The whole file as one line; a missing file is nothing. */
static int add_file(struct snapshot *snapshot, const char *directory, const char *name)
{
	cleanup_free char *path = string_format("%s/%s", directory, name);
	cleanup_free char *text = NULL, *escaped = NULL;
	size_t size;
	int r;

	if (!path)
		return -ENOMEM;
	r = file_read_at(AT_FDCWD, path, FILE_LIMIT, &text, &size);
	if (r == -ENOENT || r == -EINVAL)
		return 0;
	if (r < 0)
		return r;
	escaped = escape(text, size);
	return escaped ? snapshot_add_line(snapshot, "%s: %s", path, escaped) : -ENOMEM;
}

/* Without what tells which file is watched: what was made anew has other numbers. */
static void drop_watched(char *line)
{
	char *inode = strstr(line, " ino:"), *mask = strstr(line, " mask:");

	if (strncmp(line, "tfd:", strlen("tfd:")) == 0 && inode)
		*inode = '\0';
	if (strncmp(line, "inotify wd:", strlen("inotify wd:")) != 0 || !inode || !mask)
		return;
	mask[strcspn(mask + 1, " ") + 1] = '\0';
	memmove(inode, mask, strlen(mask) + 1);
}

static bool has_key(const char *line, const char *const *keys, size_t key_count)
{
	size_t length = strcspn(line, ":");

	for (size_t i = 0; i < key_count; i++)
		if (strlen(keys[i]) == length && strncmp(line, keys[i], length) == 0)
			return true;
	return false;
}

/* Each line of the file for which KEYS has the word before the colon, or those for which it has not. */
static int add_lines(struct snapshot *snapshot, const char *path, const char *const *keys, size_t key_count,
		     bool are_wanted)
{
	cleanup_free char *text = NULL;
	char *save, *line;
	int r = file_read_at(AT_FDCWD, path, FILE_LIMIT, &text, NULL);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (has_key(line, keys, key_count) != are_wanted)
			continue;
		drop_watched(line);
		r = snapshot_add_line(snapshot, "%s: %s", path, line);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_stat(struct snapshot *snapshot, const char *directory)
{
	cleanup_free char *path = string_format("%s/stat", directory);
	cleanup_free char *text = NULL;
	const char *fields[64] = {0};
	unsigned int number = 3;
	char *save, *field;
	int r;

	if (!path)
		return -ENOMEM;
	r = file_read_at(AT_FDCWD, path, FILE_LIMIT, &text, NULL);
	if (r < 0)
		return r;
	field = strrchr(text, ')');
	if (!field)
		return -EBADMSG;
	for (field = strtok_r(field + 1, " \n", &save); field && number < ARRAY_SIZE(fields);
	     field = strtok_r(NULL, " \n", &save))
		fields[number++] = field;
	if (!fields[3])
		return -EBADMSG;
	r = snapshot_add_line(snapshot, "%s: state: %s", path,
			      *fields[3] == 'Z'          ? "dead"
			      : strchr("Tt", *fields[3]) ? "stopped"
							 : "running");
	for (size_t i = 0; i < ARRAY_SIZE(stat_fields) && r == 0; i++)
		r = snapshot_add_line(snapshot, "%s: %s: %s", path, stat_fields[i].name,
				      fields[stat_fields[i].number] ?: "(none)");
	return r;
}

struct mapping {
	unsigned long start, end, offset;
	char permissions[8], device[16];
	unsigned long inode;
	char *name;
	char flags[256];
};

static int add_mapping(struct snapshot *snapshot, pid_t pid, const struct mapping *mapping)
{
	int r;

	if (mapping->end == 0)
		return 0;
	r = snapshot_add_line(snapshot, "/proc/%d/maps: %012lx-%012lx %s %lx %s %lu %s [%s]", (int)pid,
			      mapping->start, mapping->end, mapping->permissions, mapping->offset,
			      mapping->device, mapping->inode, mapping->name, mapping->flags);
	if (r < 0 || !(has_new_inode(mapping->name) || strncmp(mapping->name, "socket:[", 8) == 0))
		return r;
	return replace_deleted(snapshot, snapshot->lines_count - 1, mapping->inode);
}

static bool mapping_continues(const struct mapping *last, const struct mapping *next)
{
	return last->end == next->start && last->inode == next->inode &&
	       strcmp(last->permissions, next->permissions) == 0 && strcmp(last->device, next->device) == 0 &&
	       strcmp(last->name, next->name) == 0 && strcmp(last->flags, next->flags) == 0 &&
	       (last->inode == 0 || last->offset + (last->end - last->start) == next->offset);
}

/* The flags without "sd" (soft-dirty), which is the kernel's own note. */
static void copy_flags(struct mapping *mapping, char *words)
{
	char *save, *word;
	size_t length = 0;

	mapping->flags[0] = '\0';
	for (word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save))
		if (strcmp(word, "sd") != 0 && length + strlen(word) + 2 < sizeof(mapping->flags))
			length += (size_t)sprintf(mapping->flags + length, "%s%s", length ? " " : "", word);
}

/* The line that begins a mapping; its name is borrowed from it. Other lines begin with hexadecimal digits,
 * too. */
static bool parse_mapping(char *line, struct mapping *ret_mapping)
{
	struct mapping mapping = {0};
	int name_at = 0;

	if (sscanf(line, "%lx-%lx %7s %lx %15s %lu %n", &mapping.start, &mapping.end, mapping.permissions,
		   &mapping.offset, mapping.device, &mapping.inode, &name_at) != 6 ||
	    name_at == 0)
		return false;
	mapping.name = line + name_at;
	*ret_mapping = mapping;
	return true;
}

static int add_mappings(struct snapshot *snapshot, pid_t pid, char *text)
{
	struct mapping last = {0}, next = {0};
	char *save, *line;
	int r = 0;

	for (line = strtok_r(text, "\n", &save); line && r == 0; line = strtok_r(NULL, "\n", &save)) {
		unsigned long long kilobytes;

		if (sscanf(line, "Anonymous: %llu kB", &kilobytes) == 1)
			snapshot->anonymous_bytes += kilobytes << 10;
		if (parse_mapping(line, &next) || strncmp(line, "VmFlags:", 8) != 0)
			continue;
		copy_flags(&next, line + 8);
		if (last.end != 0 && mapping_continues(&last, &next)) {
			last.end = next.end;
			continue;
		}
		r = add_mapping(snapshot, pid, &last);
		last = next;
	}
	return r < 0 ? r : add_mapping(snapshot, pid, &last);
}

static int add_memory(struct snapshot *snapshot, pid_t pid)
{
	cleanup_free char *path = string_format("/proc/%d/smaps", (int)pid);
	cleanup_free char *text = NULL;
	int r;

	if (!path)
		return -ENOMEM;
	r = file_read_at(AT_FDCWD, path, FILE_LIMIT, &text, NULL);
	return r < 0 ? r : add_mappings(snapshot, pid, text);
}

static int add_task(struct snapshot *snapshot, pid_t pid, pid_t tid)
{
	cleanup_free char *directory = string_format("/proc/%d/task/%d", (int)pid, (int)tid);
	cleanup_free char *path = directory ? string_format("%s/status", directory) : NULL;
	struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t runtime, deadline, period;
		uint32_t clamp_min, clamp_max;
	} attributes = {0};
	void *robust_head = NULL;
	size_t robust_size = 0;
	int r;

	if (!path)
		return -ENOMEM;
	r = add_lines(snapshot, path, status_keys, ARRAY_SIZE(status_keys), true);
	if (r == 0)
		r = add_stat(snapshot, directory);
	if (r == 0)
		r = add_file(snapshot, directory, "comm");
	if (r == 0)
		r = add_file(snapshot, directory, "children");
	if (r < 0)
		return r;
	syscall(SYS_sched_getattr, tid, &attributes, sizeof(attributes), 0);
	syscall(SYS_get_robust_list, tid, &robust_head, &robust_size);
	return snapshot_add_line(
		snapshot,
		"%s: sched policy %u flags %#llx nice %d priority %u runtime %llu; ioprio %#lx; "
		"robust list %p",
		directory, attributes.policy, (unsigned long long)attributes.flags, attributes.nice,
		attributes.priority, (unsigned long long)attributes.runtime, syscall(SYS_ioprio_get, 1, tid),
		robust_head);
}

/* A worker of io_uring(7) comes and goes as the kernel likes. */
static bool is_kernels_own(pid_t pid, pid_t tid)
{
	struct stat_info stat;
	char path[64];
	cleanup_close int fd = -EBADF;

	snprintf(path, sizeof(path), "/proc/%d/task/%d", (int)pid, (int)tid);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 && stat_read(fd, &stat) == 0 && stat.kernel_flags & STAT_FLAG_IO_WORKER;
}

static int add_tasks(struct snapshot *snapshot, pid_t pid)
{
	cleanup_free char *path = string_format("/proc/%d/task", (int)pid);
	cleanup_free int *tids = NULL;
	size_t count;
	int r;

	if (!path)
		return -ENOMEM;
	r = proc_list_numbers(AT_FDCWD, path, &tids, &count);
	for (size_t i = 0; i < count && r == 0; i++)
		if (!is_kernels_own(pid, tids[i]))
			r = add_task(snapshot, pid, tids[i]);
	return r;
}

static int add_text(void *context, const char *line)
{
	return snapshot_add_line(context, "%s", line);
}

static int add_fd(struct snapshot *snapshot, pid_t pid, const char *directory, int fd)
{
	cleanup_free char *name = string_format("%d", fd), *target = NULL;
	cleanup_free char *path = string_format("%s/%d", directory, fd);
	cleanup_free char *info = string_format("/proc/%d/fdinfo/%d", (int)pid, fd);
	size_t first_line = snapshot->lines_count;
	struct stat st;
	int r;

	if (!name || !path || !info)
		return -ENOMEM;
	r = add_link(snapshot, directory, name);
	if (r == 0)
		r = add_lines(snapshot, info, changing_fdinfo_keys, ARRAY_SIZE(changing_fdinfo_keys), false);
	if (r < 0 || file_readlink_at(AT_FDCWD, path, &target) < 0)
		return r;
	if (strncmp(target, "socket:[", strlen("socket:[")) == 0)
		return snapshot_socket(pid, fd, add_text, snapshot);
	if (!has_new_inode(target) || stat(path, &st) < 0)
		return 0;
	return replace_deleted(snapshot, first_line, st.st_ino);
}

static int add_fds(struct snapshot *snapshot, pid_t pid)
{
	cleanup_free char *directory = string_format("/proc/%d/fd", (int)pid);
	cleanup_free int *fds = NULL;
	size_t count;
	int r;

	if (!directory)
		return -ENOMEM;
	r = proc_list_numbers(AT_FDCWD, directory, &fds, &count);
	for (size_t i = 0; i < count && r == 0; i++)
		r = add_fd(snapshot, pid, directory, fds[i]);
	return r;
}

/* But for the hierarchies that scenarios make for themselves, which come and go. */
static int add_cgroups(struct snapshot *snapshot, pid_t pid)
{
	cleanup_free char *path = string_format("/proc/%d/cgroup", (int)pid);
	cleanup_free char *text = NULL;
	char *rest = NULL;
	int r = path ? file_read_at(AT_FDCWD, path, 1 << 20, &text, NULL) : -ENOMEM;

	for (char *line = r < 0 ? NULL : strtok_r(text, "\n", &rest); r == 0 && line;
	     line = strtok_r(NULL, "\n", &rest))
		if (!strstr(line, ":name=crscenario"))
			r = snapshot_add_line(snapshot, "%s: %s", path, line);
	return r;
}

static int add_process(struct snapshot *snapshot, pid_t pid)
{
	static const char *const links[] = {"cwd",    "root",   "exe",    "ns/user", "ns/pid",   "ns/mnt",
					    "ns/net", "ns/uts", "ns/ipc", "ns/time", "ns/cgroup"};
	static const char *const files[] = {"cmdline",       "environ",     "auxv",           "oom_score_adj",
					    "timerslack_ns", "personality", "coredump_filter"};
	cleanup_free char *directory = string_format("/proc/%d", (int)pid);
	cleanup_free char *limits = string_format("/proc/%d/limits", (int)pid);
	cleanup_free char *timers = string_format("/proc/%d/timers", (int)pid);
	int r = 0;

	if (!directory || !limits || !timers)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(links) && r == 0; i++)
		r = add_link(snapshot, directory, links[i]);
	for (size_t i = 0; i < ARRAY_SIZE(files) && r == 0; i++)
		r = add_file(snapshot, directory, files[i]);
	if (r == 0)
		r = add_lines(snapshot, limits, NULL, 0, false);
	if (r == 0)
		r = add_cgroups(snapshot, pid);
	return r < 0 ? r : add_lines(snapshot, timers, NULL, 0, false);
}

int snapshot_add_process(struct snapshot *snapshot, pid_t pid)
{
	int r = add_process(snapshot, pid);

	if (r == 0)
		r = add_tasks(snapshot, pid);
	if (r == 0)
		r = add_fds(snapshot, pid);
	return r < 0 ? r : add_memory(snapshot, pid);
}
