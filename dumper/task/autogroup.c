/* SPDX-License-Identifier: MIT */
/* The nice value of a session as a whole: /proc/PID/autogroup (sched(7), "The autogroup feature"). */
#include <errno.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/log.h"
#include "common/proc/cursor.h"
#include "dumper/task/task_dumper.h"

#define TEXT_SIZE_MAX 64

/* "/autogroup-123 nice 5", or nothing for a process in none. */
static int autogroup_parse(const char *text, size_t size, int32_t *ret_nice)
{
	struct cursor cursor = CURSOR(text, size);
	uint64_t number;

	*ret_nice = 0;
	if (size == 0)
		return 0;
	if (!cursor_skip(&cursor, "/autogroup-") || cursor_u64(&cursor, 10, &number) < 0 ||
	    !cursor_skip(&cursor, " nice "))
		return -EBADMSG;
	return cursor_i32(&cursor, ret_nice);
}

/* All of a session have the same, which is that of its leader. */
static int autogroup_collect_process(struct dump *dump maybe_unused, struct process *process)
{
	cleanup_free char *text = NULL;
	int32_t nice = 0;
	size_t size;
	int r;

	if (process->stat.sid != process->pidref.pid)
		return 0;
	r = file_read_at(process->proc_fd, "autogroup", TEXT_SIZE_MAX, &text, &size);
	if (r == -ENOENT)
		return 0; /* a kernel without */
	if (r == 0)
		r = autogroup_parse(text, size, &nice);
	process->image->autogroup_nice = nice;
	return r < 0 ? log_error_errno(r, "cannot read 'autogroup' in /proc") : 0;
}

const struct task_dumper autogroup_task_dumper = {
	.name = "autogroup",
	.collect_process = autogroup_collect_process,
};
