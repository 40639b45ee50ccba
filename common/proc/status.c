/* SPDX-License-Identifier: MIT */
/* The human-readable state of a task. */
#include "common/proc/status.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/proc/cursor.h"
#include "common/vector.h"

/* Groups can fill most of it: 65,536 numbers of eleven characters. */
#define STATUS_TEXT_MAX (4 * 1024 * 1024)

void status_done(struct status *status)
{
	if (!status)
		return;
	free(status->groups);
	free(status->cpus_allowed);
	*status = (struct status){0};
}

/* Each reads VALUE into the field that it is given. */
typedef int (*field_parse_fn)(struct cursor *value, void *field);

static int parse_octal_u32(struct cursor *value, void *field)
{
	return cursor_u32(value, 8, field);
}

static int parse_decimal_u32(struct cursor *value, void *field)
{
	return cursor_u32(value, 10, field);
}

static int parse_decimal_i32(struct cursor *value, void *field)
{
	return cursor_i32(value, field);
}

static int parse_decimal_u64(struct cursor *value, void *field)
{
	return cursor_u64(value, 10, field);
}

static int parse_hex_u64(struct cursor *value, void *field)
{
	return cursor_u64(value, 16, field);
}

static int parse_bool(struct cursor *value, void *field)
{
	uint64_t number;
	int r = cursor_u64(value, 10, &number);

	if (r < 0)
		return r;
	*(bool *)field = number != 0;
	return 0;
}

static int parse_kilobytes(struct cursor *value, void *field)
{
	uint64_t kilobytes;

	if (cursor_u64(value, 10, &kilobytes) < 0 || kilobytes > UINT64_MAX / 1024)
		return -EBADMSG;
	*(uint64_t *)field = kilobytes * 1024;
	return 0;
}

static int parse_state(struct cursor *value, void *field)
{
	if (cursor_is_empty(value))
		return -EBADMSG;
	*(char *)field = *value->at;
	return 0;
}

static int parse_four_ids(struct cursor *value, void *field)
{
	uint32_t *ids = field;

	for (size_t i = 0; i < 4; i++) {
		if (cursor_u32(value, 10, &ids[i]) < 0)
			return -EBADMSG;
	}
	return 0;
}

static int parse_ns_ids(struct cursor *value, void *field)
{
	struct status_ns_ids *list = field;

	list->count = 0;
	for (cursor_skip_blanks(value); !cursor_is_empty(value); cursor_skip_blanks(value)) {
		if (list->count >= STATUS_NS_LEVELS_MAX || cursor_i32(value, &list->ids[list->count]) < 0)
			return -EBADMSG;
		list->count++;
	}
	return list->count > 0 ? 0 : -EBADMSG;
}

/* Texts too long for their field are unknown to us; they are informative only, and cut. */
static int copy_cut(const struct cursor *value, char *buffer, size_t size)
{
	struct cursor cut = *value;

	if ((size_t)(cut.end - cut.at) >= size)
		cut.end = cut.at + size - 1;
	return cursor_copy(&cut, buffer, size);
}

static int parse_text48(struct cursor *value, void *field)
{
	return copy_cut(value, field, 48);
}

static int parse_text64(struct cursor *value, void *field)
{
	return copy_cut(value, field, 64);
}

static int parse_owned_text(struct cursor *value, void *field)
{
	char **text = field;

	free(*text);
	*text = strndup(value->at, (size_t)(value->end - value->at));
	return *text ? 0 : -ENOMEM;
}

#define FIELD(key, function, member)                                                                         \
	{                                                                                                    \
		key, parse_##function, offsetof(struct status, member)                                       \
	}

/* In the order of the file, see struct parsing. */
static const struct field {
	const char *key;
	field_parse_fn parse;
	size_t offset;
} fields[] = {
	FIELD("Umask", octal_u32, umask),
	FIELD("State", state, state),
	FIELD("Tgid", decimal_i32, tgid),
	FIELD("Ngid", decimal_i32, numa_group),
	FIELD("Pid", decimal_i32, pid),
	FIELD("PPid", decimal_i32, ppid),
	FIELD("TracerPid", decimal_i32, tracer_pid),
	FIELD("Uid", four_ids, uids),
	FIELD("Gid", four_ids, gids),
	FIELD("FDSize", decimal_u64, fd_table_size),
	FIELD("NStgid", ns_ids, ns_tgids),
	FIELD("NSpid", ns_ids, ns_pids),
	FIELD("NSpgid", ns_ids, ns_pgids),
	FIELD("NSsid", ns_ids, ns_sids),
	FIELD("Kthread", bool, is_kernel_thread),
	FIELD("VmPeak", kilobytes, memory.peak),
	FIELD("VmSize", kilobytes, memory.size),
	FIELD("VmLck", kilobytes, memory.locked),
	FIELD("VmPin", kilobytes, memory.pinned),
	FIELD("VmHWM", kilobytes, memory.high_water),
	FIELD("VmRSS", kilobytes, memory.rss),
	FIELD("RssAnon", kilobytes, memory.rss_anonymous),
	FIELD("RssFile", kilobytes, memory.rss_file),
	FIELD("RssShmem", kilobytes, memory.rss_shmem),
	FIELD("VmData", kilobytes, memory.data),
	FIELD("VmStk", kilobytes, memory.stack),
	FIELD("VmExe", kilobytes, memory.exe),
	FIELD("VmLib", kilobytes, memory.lib),
	FIELD("VmPTE", kilobytes, memory.page_tables),
	FIELD("VmSwap", kilobytes, memory.swap),
	FIELD("HugetlbPages", kilobytes, memory.hugetlb),
	FIELD("CoreDumping", bool, is_core_dumping),
	FIELD("THP_enabled", bool, thp_enabled),
	FIELD("Threads", decimal_u64, threads_count),
	FIELD("SigPnd", hex_u64, pending),
	FIELD("ShdPnd", hex_u64, shared_pending),
	FIELD("SigBlk", hex_u64, blocked),
	FIELD("SigIgn", hex_u64, ignored),
	FIELD("SigCgt", hex_u64, caught),
	FIELD("CapInh", hex_u64, cap_inheritable),
	FIELD("CapPrm", hex_u64, cap_permitted),
	FIELD("CapEff", hex_u64, cap_effective),
	FIELD("CapBnd", hex_u64, cap_bounding),
	FIELD("CapAmb", hex_u64, cap_ambient),
	FIELD("NoNewPrivs", bool, no_new_privs),
	FIELD("Seccomp", decimal_u32, seccomp_mode),
	FIELD("Seccomp_filters", decimal_u32, seccomp_filters_count),
	FIELD("Speculation_Store_Bypass", text48, speculation_store_bypass),
	FIELD("SpeculationIndirectBranch", text48, speculation_indirect_branch),
	FIELD("Cpus_allowed", owned_text, cpus_allowed),
	FIELD("x86_Thread_features", text64, x86_features),
	FIELD("x86_Thread_features_locked", text64, x86_features_locked),
	FIELD("voluntary_ctxt_switches", decimal_u64, voluntary_switches),
	FIELD("nonvoluntary_ctxt_switches", decimal_u64, involuntary_switches),
};

_Static_assert(ARRAY_SIZE(fields) <= 64, "one bit each of the fields seen");

/* The kernel writes a newline in a name as "\n" and a backslash as "\\". VALUE is the whole text after the
 * tab. */
static int parse_name(const struct cursor *value, char name[PROC_COMM_SIZE])
{
	struct cursor rest = *value;
	size_t length = 0;

	while (!cursor_is_empty(&rest)) {
		char character;

		if (cursor_skip(&rest, "\\n"))
			character = '\n';
		else if (cursor_skip(&rest, "\\\\"))
			character = '\\';
		else
			character = *rest.at++;
		if (character == '\0' || length + 1 >= PROC_COMM_SIZE)
			return -EBADMSG;
		name[length++] = character;
	}
	name[length] = '\0';
	return 0;
}

static int parse_groups(struct cursor *value, struct status *status)
{
	status->groups_count = 0;
	for (cursor_skip_blanks(value); !cursor_is_empty(value); cursor_skip_blanks(value)) {
		uint32_t *group;

		if (status->groups_count >= STATUS_GROUPS_MAX)
			return -EBADMSG;
		group = vector_append(status, groups);
		if (!group)
			return -ENOMEM;
		if (cursor_u32(value, 10, group) < 0)
			return -EBADMSG;
	}
	return 0;
}

/* "used/limit" */
static int parse_signal_queue(struct cursor *value, struct status *status)
{
	if (cursor_u64(value, 10, &status->queued_signals) < 0 || !cursor_skip(value, "/") ||
	    cursor_u64(value, 10, &status->queued_signals_limit) < 0)
		return -EBADMSG;
	return 0;
}

/* What has been read so far. */
struct parsing {
	struct status status;
	uint64_t seen; /* bit by index in fields */
	size_t next;   /* the field that is looked for first: they come in the order of the table */
};

static int parse_line(struct parsing *parsing, const struct cursor *line)
{
	struct status *status = &parsing->status;
	struct cursor key, value;

	if (!cursor_split(line, &key, &value))
		return 0;
	if (cursor_equals(&key, "Groups"))
		return parse_groups(&value, status);
	if (cursor_equals(&key, "SigQ"))
		return parse_signal_queue(&value, status);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		size_t at = (parsing->next + i) % ARRAY_SIZE(fields);

		if (!cursor_equals(&key, fields[at].key))
			continue;
		parsing->seen |= (uint64_t)1 << at;
		parsing->next = at + 1;
		return fields[at].parse(&value, (char *)status + fields[at].offset);
	}
	return 0;
}

static bool was_seen(uint64_t seen, const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (strcmp(fields[i].key, key) == 0)
			return (seen >> i & 1) != 0;
	}
	return false;
}

static void parsing_done(struct parsing *parsing)
{
	status_done(&parsing->status);
}

int status_parse(const char *text, size_t size, struct status *ret)
{
	static const char *const required[] = {"State", "Tgid", "Pid", "PPid", "Uid", "Gid"};
	cleanup_(parsing_done) struct parsing parsing = {0};
	struct cursor cursor = CURSOR(text, size), line;
	struct status *status = &parsing.status;
	int r;

	/* The name comes first; blanks at its ends are part of it. */
	if (!cursor_line(&cursor, &line) || !cursor_skip(&line, "Name:\t"))
		return -EBADMSG;
	r = parse_name(&line, status->name);
	while (r == 0 && cursor_line(&cursor, &line))
		r = parse_line(&parsing, &line);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(required); i++) {
		if (!was_seen(parsing.seen, required[i]))
			return -EBADMSG;
	}
	status->has_umask = was_seen(parsing.seen, "Umask");
	status->has_memory = was_seen(parsing.seen, "VmSize");
	status->has_thp_enabled = was_seen(parsing.seen, "THP_enabled");
	*ret = *status;
	*status = (struct status){0};
	return 0;
}

int status_read(int proc_fd, struct status *ret)
{
	cleanup_free char *text = NULL;
	size_t size;
	int r;

	r = file_read_at(proc_fd, "status", STATUS_TEXT_MAX, &text, &size);
	if (r < 0)
		return r;
	return status_parse(text, size, ret);
}
