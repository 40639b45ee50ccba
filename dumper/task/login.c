/* SPDX-License-Identifier: MIT */
/* The user who logged in to start a thread, as audit knows it: /proc/PID/loginuid (proc(5)). */
#include <errno.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/log.h"
#include "common/proc/cursor.h"
#include "dumper/task/task_dumper.h"

#define TEXT_SIZE_MAX 32

static int login_collect_thread(struct dump *dump maybe_unused, struct process *process maybe_unused,
				struct thread *thread)
{
	cleanup_free char *text = NULL;
	struct cursor cursor;
	uint64_t uid;
	size_t size;
	int r = file_read_at(thread->proc_fd, "loginuid", TEXT_SIZE_MAX, &text, &size);

	if (r == -ENOENT)
		return 0; /* a kernel without audit */
	if (r == 0) {
		cursor = CURSOR(text, size);
		r = cursor_u64(&cursor, 10, &uid);
	}
	if (r == 0 && uid > UINT32_MAX)
		r = -ERANGE;
	if (r < 0)
		return log_error_errno(r, "cannot read 'loginuid' in /proc");
	thread->image->has_login_uid = true;
	thread->image->login_uid = (uint32_t)uid;
	return 0;
}

const struct task_dumper login_task_dumper = {
	.name = "login",
	.collect_thread = login_collect_thread,
};
