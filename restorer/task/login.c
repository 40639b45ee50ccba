/* SPDX-License-Identifier: MIT */
/*
 * The user who logged in to start a thread, as audit knows it (/proc/PID/loginuid). Only a thread itself can
 * say it, and once somebody has, only with CAP_AUDIT_CONTROL in the first user namespace; audit may forbid it
 * altogether. So it may stay that of cr-restore: then a notice says so.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/log.h"
#include "restorer/task/task_restorer.h"

#define TEXT_SIZE_MAX 32
#define CALLS_MAX 8

/* The file may not be reached by the thread's own root directory: it gets our descriptor. */
static unsigned write_calls_add(struct batch *batch, int fd, const char *text)
{
	unsigned pidfd = batch_call(batch, SYS_pidfd_open, (uint64_t)getpid(), 0), opened, written;

	opened = batch_call(batch, SYS_pidfd_getfd, 0, (uint64_t)(int64_t)fd, 0);
	batch_refer(batch, 0, pidfd);
	written = batch_try(batch, SYS_write, 0, batch_string(batch, text), strlen(text));
	batch_refer(batch, 0, opened);
	(void)batch_call(batch, SYS_close, 0);
	batch_refer(batch, 0, opened);
	(void)batch_call(batch, SYS_close, 0);
	batch_refer(batch, 0, pidfd);
	return written;
}

static void tell_kept(const struct thread *thread, uint32_t own, int error)
{
	char mine[TEXT_SIZE_MAX] = "nobody's";

	if (own != LOGIN_UID_NONE)
		snprintf(mine, sizeof(mine), "user %" PRIu32 "'s", own);
	log_notice("its login (loginuid) was that of user %" PRIu32 " and is %s now, as cr-restore's: %s",
		   thread->image->login_uid, mine, strerror(-error));
}

static int login_thread(struct restore *restore, struct task *task, struct thread *thread,
			struct batch *batch)
{
	uint32_t own = restore->own_credentials.login_uid;
	cleanup_close int fd = -EBADF;
	char path[64], text[TEXT_SIZE_MAX];
	unsigned written;
	int r;

	if (!thread->image->has_login_uid || thread->image->login_uid == own)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/loginuid", task->image->pid, thread->image->tid);
	snprintf(text, sizeof(text), "%" PRIu32, thread->image->login_uid);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0) {
		tell_kept(thread, own, -errno);
		return 0;
	}
	r = task_batch_room(thread, CALLS_MAX, sizeof(text), "its login");
	if (r < 0)
		return r;
	written = write_calls_add(batch, fd, text);
	/* At once, while the descriptor is there. */
	r = puppet_run(&thread->puppet, "its login");
	if (r == 0 && batch_result(batch, written) < 0)
		tell_kept(thread, own, (int)batch_result(batch, written));
	(void)puppet_batch(&thread->puppet);
	return r;
}

const struct task_restorer login_task_restorer = {
	.name = "login",
	.thread = login_thread,
};
