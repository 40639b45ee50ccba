/* SPDX-License-Identifier: MIT */
/* The one-line state of a task. */
#include "common/proc/stat.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/proc/cursor.h"

enum field_type { FIELD_I32, FIELD_U32, FIELD_I64, FIELD_U64 };

#define FIELD(type, member)                                                                                  \
	{                                                                                                    \
		FIELD_##type, offsetof(struct stat_info, member)                                             \
	}

/* From the fourth field on: all are numbers. */
static const struct field {
	enum field_type type;
	size_t offset;
} fields[] = {
	FIELD(I32, ppid),
	FIELD(I32, pgid),
	FIELD(I32, sid),
	FIELD(I32, tty),
	FIELD(I32, tty_pgid),
	FIELD(U64, kernel_flags),
	FIELD(U64, minor_faults),
	FIELD(U64, children_minor_faults),
	FIELD(U64, major_faults),
	FIELD(U64, children_major_faults),
	FIELD(U64, user_ticks),
	FIELD(U64, system_ticks),
	FIELD(I64, children_user_ticks),
	FIELD(I64, children_system_ticks),
	FIELD(I64, priority),
	FIELD(I64, nice),
	FIELD(I64, threads_count),
	FIELD(I64, interval_timer),
	FIELD(U64, start_ticks),
	FIELD(U64, virtual_size),
	FIELD(I64, rss_pages),
	FIELD(U64, rss_limit),
	FIELD(U64, start_code),
	FIELD(U64, end_code),
	FIELD(U64, start_stack),
	FIELD(U64, stack_pointer),
	FIELD(U64, instruction_pointer),
	FIELD(U64, pending),
	FIELD(U64, blocked),
	FIELD(U64, ignored),
	FIELD(U64, caught),
	FIELD(U64, wait_channel),
	FIELD(U64, swapped_pages),
	FIELD(U64, children_swapped_pages),
	FIELD(I32, exit_signal),
	FIELD(I32, processor),
	FIELD(U32, realtime_priority),
	FIELD(U32, scheduling_policy),
	FIELD(U64, block_io_delay_ticks),
	FIELD(U64, guest_ticks),
	FIELD(I64, children_guest_ticks),
	FIELD(U64, start_data),
	FIELD(U64, end_data),
	FIELD(U64, start_brk),
	FIELD(U64, arg_start),
	FIELD(U64, arg_end),
	FIELD(U64, env_start),
	FIELD(U64, env_end),
	FIELD(I32, exit_code),
};

_Static_assert(ARRAY_SIZE(fields) == 49, "52 fields, three of which are not in the table");

static int parse_field(struct cursor *cursor, enum field_type type, void *field)
{
	switch (type) {
	case FIELD_I32:
		return cursor_i32(cursor, field);
	case FIELD_U32:
		return cursor_u32(cursor, 10, field);
	case FIELD_I64:
		return cursor_i64(cursor, field);
	case FIELD_U64:
		return cursor_u64(cursor, 10, field);
	}
	return -EBADMSG;
}

int stat_parse(const char *text, size_t size, struct stat_info *ret)
{
	struct stat_info stat = {0};
	struct cursor cursor = CURSOR(text, size), comm;

	if (cursor_i32(&cursor, &stat.pid) < 0 || !cursor_skip(&cursor, " ("))
		return -EBADMSG;
	/* The name may hold ')', spaces and newlines; nothing after it holds a ')'. */
	comm.at = cursor.at;
	comm.end = memrchr(cursor.at, ')', (size_t)(cursor.end - cursor.at));
	if (!comm.end || cursor_copy(&comm, stat.comm, sizeof(stat.comm)) < 0)
		return -EBADMSG;
	cursor.at = comm.end;
	if (!cursor_skip(&cursor, ") ") || cursor_is_empty(&cursor))
		return -EBADMSG;
	stat.state = *cursor.at++;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (!cursor_skip(&cursor, " ") ||
		    parse_field(&cursor, fields[i].type, (char *)&stat + fields[i].offset) < 0)
			return -EBADMSG;
	}
	*ret = stat;
	return 0;
}

int stat_read(int proc_fd, struct stat_info *ret)
{
	cleanup_free char *text = NULL;
	size_t size;
	int r;

	r = file_read_at(proc_fd, "stat", 65536, &text, &size);
	if (r < 0)
		return r;
	return stat_parse(text, size, ret);
}
